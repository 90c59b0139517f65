import type { Env } from '../config/index.ts';
import { createLogger, type Logger } from '../logging/index.ts';
import { runProcess } from './run-process.ts';
import type { ServiceConfig } from './service-config.ts';
import { Shutdown } from './shutdown.ts';

/** What the start of a service gets. */
export interface ServiceContext<C> {
  readonly config: C;
  readonly logger: Logger;
  /** Each part adds how it ends, in the order of the start. */
  readonly shutdown: Shutdown;
  /** Aborted when the process is told to end, before or after it is ready, and when it cannot go on. */
  readonly signal: AbortSignal;
  /** For what no waiting helps: the service is ended in order, and the process exits with 1. */
  readonly fail: (error: Error) => void;
}

export interface ServiceDefinition<C> {
  readonly name: string;
  readonly version: string;
  /** Throws ConfigError with all problems. */
  readonly loadConfig: (env: Env) => C;
  /** Resolves when the service works. */
  readonly serve: (context: ServiceContext<C>) => Promise<void>;
}

/**
 * Runs one service of a deployment as this process: JSON lines on standard output, exit code 0 after a stop, 78 when the operator
 * has to change something (told on standard error), 1 when it cannot go on.
 */
export async function runService<C extends { readonly service: ServiceConfig }>(
  definition: ServiceDefinition<C>,
): Promise<never> {
  const { name, version } = definition;
  let logger: Logger | null = null;
  return runProcess(
    async (stopSignal) => {
      const failing = new AbortController();
      const signal = AbortSignal.any([stopSignal, failing.signal]);
      // oxlint-disable-next-line node/no-process-env -- for main, which names the loader
      const config = definition.loadConfig(process.env);
      const log = createLogger({ service: name, version, level: config.service.logLevel });
      logger = log;
      const shutdown = new Shutdown(log);
      const failure = Promise.withResolvers<never>();
      failure.promise.catch(() => undefined); // It may come before anybody listens.
      const fail = (error: Error): void => {
        if (!shutdown.hasBegun) log.fatal({ err: error }, 'the service cannot go on');
        failure.reject(error);
        failing.abort(error);
      };
      try {
        await definition.serve({ config, logger: log, shutdown, signal, fail });
      } catch (error) {
        failing.abort(error);
        await shutdown.run();
        throw error;
      }
      return { stop: () => shutdown.run(), failed: failure.promise };
    },
    (line) => logger?.info(line),
  );
}
