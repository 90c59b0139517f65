/**
 * The executor as a service: takes jobs of its languages from SQS, runs them through a launcher, keeps outputs in S3 and results
 * in DynamoDB.
 *
 * With `RUNYARD_LAUNCHER_SOCKET` it needs no right beyond that socket and the network: whoever takes this process over can run
 * programs in sandboxes, nothing else on the host. Without it, it starts a launcher of its own and has that one's rights.
 * Told to stop, it receives no more, lets jobs finish within the grace, and gives back what it did not start.
 */
import { hash } from 'node:crypto';
import path from 'node:path';
import { createDynamoClient, openAwsBackend, singleQueueAdvice } from '@runyard/shared/adapters/aws';
import { DynamoLanguageFacts } from '@runyard/shared/adapters/dynamodb';
import { systemClock } from '@runyard/shared/adapters/in-process';
import type { Language } from '@runyard/shared/domain';
import { chooseLanguages, loadLanguages } from '@runyard/shared/languages';
import type { Logger } from '@runyard/shared/logging';
import {
  answers,
  Counters,
  Readiness,
  runService,
  type ServiceContext,
  startAdminServer,
  Terminal,
} from '@runyard/shared/process';
import packageJson from '../package.json' with { type: 'json' };
import { EXECUTOR_EVENTS } from './application/events.ts';
import { Executor } from './application/executor.ts';
import { publishLanguages } from './application/publish-languages.ts';
import {
  chooseLauncher,
  connectLauncher,
  findEngine,
  JobNeeds,
  requireArchitecture,
  SampleRecord,
  sandboxReadiness,
  type SandboxSetup,
  setUpSandbox,
  StartupCheck,
} from './sandbox-setup/index.ts';
import { type ExecutorServiceConfig, loadExecutorServiceConfig } from './service-config.ts';

const LANGUAGES_DIR = path.resolve(import.meta.dirname, '../../../languages');
/** Table, queues and bucket are asked by every executor: rarer than a launcher on this machine. */
const NEEDS_EVERY_MS = 5_000;
/** A store that takes longer to say that it is there holds up jobs more than it serves them. */
const NEEDS_DEADLINE_MS = 5_000;

const { version } = packageJson;
const isRoot = process.getuid?.() === 0;
const host = { platform: process.platform, architecture: process.arch, isRoot };

type Context = ServiceContext<ExecutorServiceConfig>;

async function serve(context: Context): Promise<void> {
  const { config, logger, shutdown, signal, fail } = context;
  const { worker } = config.own;
  const known = await loadLanguages(LANGUAGES_DIR, { architecture: requireArchitecture(host) });
  const variable = process.env['EXECUTOR_LANGUAGES'] === undefined ? 'RUNYARD_LANGUAGES' : 'EXECUTOR_LANGUAGES';
  const wanted = chooseLanguages(variable, config.executor.languages, known);
  adviseOnQueues(context, wanted.length < known.length);

  const backend = openAwsBackend(config.aws, { clock: systemClock, logger, languages: wanted.map(({ id }) => id) });
  shutdown.add('backend', () => backend.close());
  const setup = await setUp(wanted, known, context);
  shutdown.add('launcher', () => setup.launcher.close());
  void setup.exited?.then((reason) => fail(new Error(reason)));
  const check = new StartupCheck({
    languages: chooseLanguages('RUNYARD_STARTUP_CHECK', config.sandbox.startupCheck, setup.languages),
    sandbox: setup.sandbox,
    artifacts: backend.artifacts,
    record: SampleRecord.open(config.sandbox.cacheDir, setup.host),
    logger,
  });
  await check.beforeReady(logTerminal(logger), signal);

  const executor = await work(backend, { setup, check }, context);
  const facts = new DynamoLanguageFacts({ client: createDynamoClient(config.aws), table: config.aws.table });
  const published = publishLanguages({ facts, languages: setup.languages, worker, clock: systemClock, logger }, signal);
  shutdown.add('language facts', () => published);
  const laterChecks = check.afterReady(signal, () => executor.runningJobs < config.executor.slots);
  shutdown.add('startup check', () => laterChecks);
}

/** From here on jobs are run. */
async function work(
  backend: ReturnType<typeof openAwsBackend>,
  { setup, check }: { setup: SandboxSetup; check: StartupCheck },
  { config, logger, shutdown, fail }: Context,
): Promise<Executor> {
  const { slots, leaseMs, drainMs } = config.executor;
  // What every job needs besides the queue: while one is missing, jobs wait there and spend no attempts.
  const needs = new JobNeeds({
    check: async (deadlineMs) => {
      await Promise.all([setup.check?.(deadlineMs), backend.artifacts.ping(), backend.store.ping()]);
    },
    everyMs: NEEDS_EVERY_MS,
    deadlineMs: NEEDS_DEADLINE_MS,
    onChange: (trouble) => logger.warn({ trouble }, trouble === null ? 'jobs are taken again' : 'no jobs are taken'),
  });
  const gauges = { slots: () => slots, running_jobs: () => executor.runningJobs };
  const counters = new Counters('runyard_executor', EXECUTOR_EVENTS, gauges);
  const executor = new Executor(
    {
      ...backend,
      ...setup,
      clock: systemClock,
      logger,
      untilSandboxWell: (drain) => needs.untilWell(drain),
      count: (event) => counters.add(event),
      onFatal: fail,
    },
    { slots, leaseMs, worker: config.own.worker },
  );
  const readiness = new Readiness({
    probes: {
      queue: answers(backend.queue),
      sandbox: async () =>
        sandboxReadiness({
          isStopping: shutdown.hasBegun,
          trouble: needs.trouble,
          faultsInARow: executor.faultsInARow,
          samples: check.states,
        }),
    },
    isDraining: () => shutdown.hasBegun,
    logger,
  });
  const facts = { version, worker: config.own.worker, node: process.version, ...setup.facts };
  const admin = await startAdminServer({ config: config.admin, readiness, counters, version: facts });
  shutdown.add('admin', () => admin.close());
  needs.start();
  shutdown.add('watch', () => needs.stop());
  executor.start();
  shutdown.add('executor', () => executor.drain(drainMs));
  const languages = setup.languages.map(({ id }) => id);
  logger.info({ admin: admin.url, worker: config.own.worker, languages, slots, facts: setup.facts }, 'ready');
  return executor;
}

async function setUp(
  wanted: readonly Language[],
  known: readonly Language[],
  { config, logger, signal }: Context,
): Promise<SandboxSetup> {
  const { worker } = config.own;
  const { launcherSocket } = config.sandbox;
  if (launcherSocket !== null) return connectLauncher({ socketPath: launcherSocket, languages: wanted, signal });
  logger.warn('RUNYARD_LAUNCHER_SOCKET is not set: this process starts the launcher itself and has its rights');
  const setup = await setUpSandbox({
    config: config.sandbox,
    kind: await chooseLauncher(config.sandbox.sandbox, host, findEngine),
    isRoot,
    // One runtime root for all executors of a host, whatever each serves; an image of one's own may have less.
    languages: config.sandbox.sandboxImage === null ? known : wanted,
    // Only names this executor's containers.
    secret: Buffer.from(hash('sha256', worker, 'hex')),
    environment: process.env,
    terminal: logTerminal(logger),
    logger,
    signal,
  });
  const ids = new Set(wanted.map(({ id }) => id));
  return { ...setup, languages: setup.languages.filter(({ id }) => ids.has(id)) };
}

function adviseOnQueues({ config, logger }: Context, isSubset: boolean): void {
  const advice = singleQueueAdvice(config.aws.queues);
  if (advice === null) return;
  logger.warn(advice);
  if (!isSubset) return;
  logger.warn(
    'This executor serves some languages of a queue for all: it puts the messages of the others back for 1 to 5 s, each time ' +
      'counted as a delivery. Let every executor serve all languages, or give the queue a large maxReceiveCount.',
  );
}

/** What set-up tells a person goes to the log, as there is no terminal. */
function logTerminal(logger: Logger): Terminal {
  return new Terminal({ write: (text) => logger.info({ part: 'set-up' }, text.trim()) });
}

await runService({
  name: 'executor',
  version,
  loadConfig: (env) => loadExecutorServiceConfig(env, isRoot),
  serve,
});
