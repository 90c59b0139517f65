/**
 * The reaper: removes what outlived its launcher or its deadline on this host's Docker engine. By itself (systemd, compose) it
 * runs until it is told to end; as a child of a server (RUNYARD_REAPER_OWNER) it says `ready` after its first sweep, and when
 * the server dies it stays until that server's containers are gone.
 */
import { writeSync } from 'node:fs';
import { Engine } from '@runyard/sandbox/docker';
import { ConfigError } from '@runyard/shared/config';
import { StartupError } from '@runyard/shared/errors';
import { createLogger, type Logger } from '@runyard/shared/logging';
import { Readiness, startAdminServer } from '@runyard/shared/process';
import packageJson from '../package.json' with { type: 'json' };
import { loadConfig, type ReaperConfig } from './config.ts';
import { lifelineEnded, untilNothingLeft } from './lifeline.ts';
import { ReaperService } from './reaper-service.ts';

/** Whoever reads our lines may be dead: that is when this process is needed. */
function writeLine(fd: number, line: string): void {
  try {
    writeSync(fd, line);
  } catch {
    // Nobody listens.
  }
}

function readConfig(): ReaperConfig {
  try {
    return loadConfig(process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    writeLine(2, `${error.message}\n`);
    process.exit(StartupError.exitCode);
  }
}

async function run(config: ReaperConfig, logger: Logger, stop: AbortController): Promise<void> {
  const { signal } = stop;
  const { lifelineOwner } = config;
  const lifeline = lifelineOwner === null ? new Promise<never>(() => undefined) : lifelineEnded(process.stdin);
  // Before the first sweep the server has started nothing: then there is nothing to stay for.
  let isReady = false;
  void lifeline.then(() => {
    if (!isReady) stop.abort();
  });
  const service = await ReaperService.start({ engine: new Engine(null), logger }, signal);
  const readiness = new Readiness({
    probes: { engine: () => Promise.resolve({ isReady: service.isHealthy }) },
    isDraining: () => signal.aborted,
    logger,
  });
  const { counters } = service;
  const version = { version: packageJson.version };
  const admin =
    config.admin === null ? null : await startAdminServer({ config: config.admin, readiness, counters, version });
  isReady = true;
  logger.info({ admin: admin?.url }, 'first sweep done');
  if (lifelineOwner !== null) writeLine(1, 'ready\n');
  const stopped = new Promise<'stopped'>((resolve) => {
    if (signal.aborted) resolve('stopped');
    signal.addEventListener('abort', () => resolve('stopped'));
  });
  const how = await Promise.race([lifeline, stopped]);
  if (how === 'died' && lifelineOwner !== null) {
    logger.warn('the server is gone; staying until its containers are');
    await untilNothingLeft(service, lifelineOwner, signal);
  }
  admin?.close();
  await service.stop();
}

const config = readConfig();
const logger = createLogger({
  service: 'reaper',
  version: packageJson.version,
  level: config.logLevel,
  destination: { write: (line) => writeLine(2, line) },
});
const stop = new AbortController();
for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, () => stop.abort());
// The terminal of a server that was closed is no reason to leave its containers.
process.on('SIGHUP', () => undefined);
try {
  await run(config, logger, stop);
} catch (error) {
  if (!stop.signal.aborted) {
    logger.fatal({ err: error }, 'the reaper cannot start');
    process.exit(error instanceof StartupError ? StartupError.exitCode : 1);
  }
}
process.exit(0);
