/**
 * `npm start`: gateway, executor and sweeper in one process on the embedded backend.
 *
 * Parts start in the order in which they need each other and end in the reverse one: readiness goes, no more jobs are
 * taken, running ones finish within the grace, then gateway, launcher and database close. A kill -9 at any moment is
 * survived: the launcher ends with its lifeline, the next start finds leases void and messages visible again.
 */
import { hostname } from 'node:os';
import path from 'node:path';
import { startGateway, type Gateway } from '@runyard/api-gateway';
import { Executor } from '@runyard/executor';
import {
  chooseLauncher,
  findEngine,
  JobNeeds,
  requireArchitecture,
  SampleRecord,
  sandboxReadiness,
  type SandboxSetup,
  setUpSandbox,
  StartupCheck,
} from '@runyard/executor/sandbox-setup';
import type { Language } from '@runyard/shared/domain';
import { chooseLanguages, loadLanguages } from '@runyard/shared/languages';
import { createLogger, type Logger } from '@runyard/shared/logging';
import { runProcess, type RunningServer, Shutdown, Terminal } from '@runyard/shared/process';
import { staleAfterMs, Sweeper } from '@runyard/sweeper';
import packageJson from '../package.json' with { type: 'json' };
import { linkVerifier } from './artifact-links.ts';
import { loadConfig, type StandaloneConfig } from './config.ts';
import { openBackend, type EmbeddedBackend } from './embedded-backend.ts';
import { clientUrl, readyLines } from './ready-lines.ts';

const LANGUAGES_DIR = path.resolve(import.meta.dirname, '../../../languages');
/** The embedded backend is one cell. */
const CELL = 0;
/** Requests that still run when all jobs have ended get so long to be answered. */
const GATEWAY_GRACE_MS = 5_000;

const { version } = packageJson;
const terminal = new Terminal(process.stdout);

/** What every part of the start needs. */
interface Start {
  readonly config: StandaloneConfig;
  readonly isRoot: boolean;
  readonly kind: 'native' | 'docker';
  readonly logger: Logger;
  readonly shutdown: Shutdown;
  /** Aborted when the process is told to end, before or after it is ready. */
  readonly signal: AbortSignal;
}

async function start(signal: AbortSignal): Promise<RunningServer> {
  const isRoot = process.getuid?.() === 0;
  const config = loadConfig(process.env, isRoot);
  const host = { platform: process.platform, architecture: process.arch, isRoot };
  const architecture = requireArchitecture(host);
  const kind = await chooseLauncher(config.sandbox.sandbox, host, findEngine);
  const logger = createLogger({
    service: 'runyard',
    version,
    level: config.server.logLevel ?? (process.stderr.isTTY ? 'warn' : 'info'),
    destination: { write: (line) => void process.stderr.write(line) },
  });
  const shutdown = new Shutdown(logger);
  try {
    terminal.line(`Runyard ${version}`);
    const known = await loadLanguages(LANGUAGES_DIR, { architecture });
    const languages = chooseLanguages('RUNYARD_LANGUAGES', config.executor.languages, known);
    await serve(languages, { config, isRoot, kind, logger, shutdown, signal });
    return { stop: () => shutdown.run() };
  } catch (error) {
    terminal.done();
    await shutdown.run();
    throw error;
  }
}

async function serve(wanted: readonly Language[], context: Start): Promise<void> {
  const { config, isRoot, kind, logger, shutdown, signal } = context;
  const { dataDir } = config.server;
  const { cacheDir, startupCheck } = config.sandbox;
  let url = '';
  const backend = await openBackend(dataDir, () => config.gateway.publicUrl ?? url);
  shutdown.add('backend', () => backend.close());
  terminal.line(`Data ${dataDir}, cache ${cacheDir}, sandbox ${kind}`);

  const { secret } = backend;
  const host = { config: config.sandbox, kind, isRoot, secret, environment: process.env };
  const setup = await setUpSandbox({ ...host, languages: wanted, terminal, logger, signal });
  shutdown.add('launcher', () => setup.launcher.close());

  const check = new StartupCheck({
    languages: chooseLanguages('RUNYARD_STARTUP_CHECK', startupCheck, setup.languages),
    sandbox: setup.sandbox,
    artifacts: backend.artifacts,
    record: SampleRecord.open(cacheDir, setup.host),
    logger,
  });
  await check.beforeReady(terminal, signal);

  const { gateway, executor } = await startWorkers(backend, setup, check, context);
  url = clientUrl(gateway.address);
  const laterChecks = check.afterReady(signal, () => executor.runningJobs < config.executor.slots);
  shutdown.add('startup check', () => laterChecks);

  const language = setup.languages.find(({ id }) => id === 'python') ?? setup.languages[0];
  const ready = { url: config.gateway.publicUrl ?? url, startMs: performance.now(), language };
  for (const line of readyLines(ready)) terminal.line(line);
}

/** From here on jobs are accepted and run. */
async function startWorkers(
  backend: EmbeddedBackend,
  { sandbox, languages, facts, check: checkLauncher }: SandboxSetup,
  check: StartupCheck,
  { config, logger, shutdown }: Start,
): Promise<{ gateway: Gateway; executor: Executor }> {
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

await runProcess(start, (line) => terminal.line(line));
