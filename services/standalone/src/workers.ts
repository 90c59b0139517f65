import { hostname } from 'node:os';
import { startGateway, type Gateway } from '@runyard/api-gateway';
import { Executor } from '@runyard/executor';
import { JobNeeds, sandboxReadiness, type SandboxSetup, type StartupCheck } from '@runyard/executor/sandbox-setup';
import type { Logger } from '@runyard/shared/logging';
import type { Shutdown } from '@runyard/shared/process';
import { staleAfterMs, Sweeper } from '@runyard/sweeper';
import { linkVerifier } from './artifact-links.ts';
import type { StandaloneConfig } from './config.ts';
import type { EmbeddedBackend } from './embedded-backend.ts';

/** The embedded backend is one cell. */
const CELL = 0;
/** Requests that still run when all jobs have ended get so long to be answered. */
const GATEWAY_GRACE_MS = 5_000;

export interface WorkersOptions {
  readonly backend: EmbeddedBackend;
  readonly setup: SandboxSetup;
  readonly check: StartupCheck;
  readonly config: StandaloneConfig;
  readonly version: string;
  readonly logger: Logger;
  readonly shutdown: Shutdown;
}

/** From here on jobs are accepted and run. */
export async function startWorkers(options: WorkersOptions): Promise<{ gateway: Gateway; executor: Executor }> {
  const { backend, setup, check, config, version, logger, shutdown } = options;
  const { sandbox, languages, facts, check: checkLauncher } = setup;
  const { slots, leaseMs } = config.executor;
  // What every job needs besides the queue: while one is missing, jobs wait there and spend no attempts.
  const needs = new JobNeeds({
    check: async (deadlineMs) => {
      await Promise.all([checkLauncher?.(deadlineMs), backend.artifacts.ping(), backend.store.ping()]);
    },
    onChange: (trouble) => logger.warn({ trouble }, trouble === null ? 'jobs are taken again' : 'no jobs are taken'),
  });
  const executor = new Executor(
    { ...backend, sandbox, languages, logger, untilSandboxWell: (drain) => needs.untilWell(drain) },
    { slots, leaseMs, worker: `${hostname()}-${process.pid}` },
  );
  const sweeper = new Sweeper(
    {
      ...backend,
      knowledge: { kind: 'index', messages: backend.queue },
      languages: languages.map(({ id }) => id),
      logger,
    },
    { staleAfterMs: staleAfterMs(leaseMs) },
  );
  await sweeper.repairAfterCrash();

  const gateway = await startGateway({
    ...backend,
    config: config.gateway,
    languages,
    logger,
    cell: CELL,
    version: { version, details: { ...facts, node: process.version } },
    sandboxProbe: async () =>
      sandboxReadiness({
        isStopping: shutdown.hasBegun,
        trouble: needs.trouble,
        faultsInARow: executor.faultsInARow,
        samples: check.states,
      }),
    verifyArtifactLink: linkVerifier(backend.secret),
  });
  shutdown.add('gateway', () => gateway.drain(GATEWAY_GRACE_MS));
  needs.start();
  shutdown.add('watch', () => needs.stop());
  sweeper.start();
  shutdown.add('sweeper', () => sweeper.stop());
  executor.start();
  shutdown.add('executor', () => executor.drain(config.executor.drainMs));
  return { gateway, executor };
}
