/**
 * `npm start`: gateway, executor and sweeper in one process on the embedded backend.
 *
 * Started as root, it brings what programs run in, starts the launcher as a process of its own, and gives root's rights up
 * before it opens the database, listens or takes a job: whoever takes this process over can run programs in sandboxes,
 * and nothing else (docs/adr/0008). The data folder is opened with the rights of that user from the beginning.
 *
 * Parts start in the order in which they need each other and end in the reverse one: readiness goes, no more jobs are
 * taken, running ones finish within the grace, then gateway, launcher and database close. A kill -9 at any moment is
 * survived: the launcher ends with its lifeline, the next start finds leases void and messages visible again.
 */
import path from 'node:path';
import {
  chooseLauncher,
  connectLauncher,
  findEngine,
  requireArchitecture,
  SampleRecord,
  type SandboxSetup,
  setUpSandbox,
  StartupCheck,
} from '@runyard/executor/sandbox-setup';
import { LAUNCHER_MAIN } from '@runyard/launcher';
import type { Language } from '@runyard/shared/domain';
import { chooseLanguages, loadLanguages } from '@runyard/shared/languages';
import { createLogger, type Logger } from '@runyard/shared/logging';
import { runProcess, type RunningServer, Shutdown, Terminal } from '@runyard/shared/process';
import packageJson from '../package.json' with { type: 'json' };
import { loadConfig, type StandaloneConfig } from './config.ts';
import { openBackend } from './embedded-backend.ts';
import { clientUrl, readyLines } from './ready-lines.ts';
import { requireHost } from './require-host.ts';
import {
  canGainByExec,
  chooseUser,
  dropGroups,
  openDataFolder,
  preferOthersForOom,
  renounceNewPrivileges,
  requireFreePort,
  sampleFolderOf,
  type ServerUser,
  settleInto,
} from './separation/index.ts';
import { startReaper } from './start-reaper.ts';
import { startWorkers } from './workers.ts';

const LANGUAGES_DIR = path.resolve(import.meta.dirname, '../../../languages');

const { version } = packageJson;
const terminal = new Terminal(process.stdout);

/** What every part of the start needs. */
interface Start {
  readonly config: StandaloneConfig;
  readonly isRoot: boolean;
  /** Null: a launcher that somebody else runs. */
  readonly kind: 'native' | 'docker' | null;
  /** Whom this process will be; null: it stays who it is. */
  readonly user: ServerUser | null;
  readonly logger: Logger;
  readonly shutdown: Shutdown;
  /** Aborted when the process is told to end, before or after it is ready. */
  readonly signal: AbortSignal;
}

async function start(signal: AbortSignal): Promise<RunningServer> {
  const isRoot = process.getuid?.() === 0;
  const config = loadConfig(process.env, isRoot);
  const user = isRoot && process.platform === 'linux' ? chooseUser(config.server.user) : null;
  if (user !== null) {
    requireFreePort(config.gateway.port, user);
    renounceNewPrivileges(process.env);
    preferOthersForOom();
    dropGroups();
  }
  const host = { platform: process.platform, architecture: process.arch, isRoot };
  const architecture = requireArchitecture(host);
  const { sandbox, launcherSocket } = config.sandbox;
  const kind = launcherSocket === null ? await chooseLauncher(sandbox, host, findEngine) : null;
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
    const { failed } = await serve(languages, { config, isRoot, kind, user, logger, shutdown, signal });
    return { stop: () => shutdown.run(), failed };
  } catch (error) {
    terminal.done();
    await shutdown.run();
    throw error;
  }
}

/** Resolves when the server is ready, to what rejects when it cannot go on. */
async function serve(wanted: readonly Language[], context: Start): Promise<{ readonly failed: Promise<never> }> {
  const { config, isRoot, user, logger, shutdown, signal } = context;
  const { dataDir } = config.server;
  const { cacheDir, startupCheck } = config.sandbox;
  let url = '';
  const directory = openDataFolder(dataDir, user, isRoot);
  shutdown.add('data folder', () => directory.close());
  for (const line of describeStart(context)) terminal.line(line);

  const setup = await setUp(wanted, directory.secret, context);
  if (user !== null) settleInto(user, cacheDir);
  if (user !== null && canGainByExec()) logger.warn('setpriv is missing: programs with set-uid bits still count');

  const backend = await openBackend(directory, () => config.gateway.publicUrl ?? url);
  shutdown.add('backend', () => backend.close());
  const check = new StartupCheck({
    languages: chooseLanguages('RUNYARD_STARTUP_CHECK', startupCheck, setup.languages),
    sandbox: setup.sandbox,
    artifacts: backend.artifacts,
    record: SampleRecord.open(cacheDir, setup.host, sampleFolderOf(user)),
    logger,
  });
  await check.beforeReady(terminal, signal);

  const { gateway, executor } = await startWorkers({ backend, setup, check, config, version, logger, shutdown });
  url = clientUrl(gateway.address);
  const laterChecks = check.afterReady(signal, () => executor.runningJobs < config.executor.slots);
  shutdown.add('startup check', () => laterChecks);

  const language = setup.languages.find(({ id }) => id === 'python') ?? setup.languages[0];
  const ready = { url: config.gateway.publicUrl ?? url, startMs: performance.now(), language };
  for (const line of readyLines(ready)) terminal.line(line);
  return { failed: failureOf(setup) };
}

function describeStart({ config, isRoot, kind, user }: Start): readonly string[] {
  const { cacheDir, launcherSocket } = config.sandbox;
  const sandbox = kind ?? `behind ${launcherSocket ?? ''}`;
  const as = user === null ? '' : `, as ${user.name} (${user.uid}:${user.gid})`;
  const line = `Data ${config.server.dataDir}, cache ${cacheDir}, sandbox ${sandbox}${as}`;
  if (!isRoot || user !== null) return [line];
  return [line, 'WARNING: RUNYARD_USER=root. The server stays root: whoever takes it over has this whole machine.'];
}

/** What is privileged is started here. */
async function setUp(languages: readonly Language[], secret: Uint8Array, context: Start): Promise<SandboxSetup> {
  const { config, isRoot, kind, user, logger, shutdown, signal } = context;
  const { launcherSocket } = config.sandbox;
  if (launcherSocket !== null) {
    const connected = await connectLauncher({ socketPath: launcherSocket, languages, signal });
    shutdown.add('launcher', () => connected.launcher.close());
    return connected;
  }
  await requireHost({ launcher: kind ?? 'native', config, logger });
  const separation = user === null ? null : { user, launcherMain: LAUNCHER_MAIN };
  const host = { config: config.sandbox, kind: kind ?? 'native', isRoot, secret, environment: process.env, separation };
  const setup = await setUpSandbox({ ...host, languages, terminal, logger, signal });
  // Its end comes after the launcher's, which removes what it made; the reaper takes what is left when that fails.
  const reaper = kind === 'docker' ? startReaper(setup.facts['ownerId'] ?? '', process.env, context) : null;
  shutdown.add('launcher', () => setup.launcher.close());
  await reaper;
  return setup;
}

/** Without its launcher a server that has given root's rights up can do nothing: whoever watches over it starts it again. */
async function failureOf({ exited }: SandboxSetup): Promise<never> {
  const how = await (exited ?? new Promise<never>(() => undefined));
  throw new Error(`The launcher of this server is gone: it ${how}.`);
}

await runProcess(start, (line) => terminal.line(line));
