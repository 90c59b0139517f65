/**
 * The launcher as a process of its own: the only one that may make places for programs. It listens on a Unix socket, takes
 * OPEN within bounds (`sandbox/PROTOCOL.md`) and knows neither jobs nor queues nor storage nor the network.
 *
 * Under systemd or compose it ends by SIGTERM; as a child of a server also with its standard input. Ending kills what runs
 * and removes what was made. Its first line on standard output is `ready` with what it is, or `refused` with the reason.
 */
import path from 'node:path';
import { EngineError } from '@runyard/sandbox/docker';
import { HostRefusal, LauncherFailure } from '@runyard/sandbox/native';
import { RuntimeRootError } from '@runyard/sandbox/runtime-root';
import { SocketLauncher } from '@runyard/sandbox/socket';
import type { SocketAccess } from '@runyard/sandbox/socket-server';
import { ConfigError } from '@runyard/shared/config';
import { StartupError } from '@runyard/shared/errors';
import { chooseLanguages, LanguageDefinitionError, loadLanguages, rootRecipeOf } from '@runyard/shared/languages';
import { createLogger } from '@runyard/shared/logging';
import { Terminal } from '@runyard/shared/process';
import packageJson from '../package.json' with { type: 'json' };
import { type LauncherConfig, loadConfig } from './config.ts';
import type { SetupContext } from './context.ts';
import { findsEngine, runDocker } from './docker.ts';
import { runNative } from './native.ts';
import { requireHost } from './require-host.ts';
import type { RunningLauncher } from './running-launcher.ts';
import { parseGroup, parseUser } from './user.ts';

const LANGUAGES_DIR = path.resolve(import.meta.dirname, '../../../languages');
const NOTHING = { debianPackages: [], npmPackages: {}, prepare: [], versionCommands: {} };
/** sysexits EX_SOFTWARE: whoever watches over this process starts it again. */
const EXIT_SOFTWARE = 70;
const HEALTH_MS = 2_500;
const STAYING_MS = 3_600_000;

// Whoever reads our lines may go; the end is told by the lifeline.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

const stop = new AbortController();
for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(name, () => stop.abort());

function accessOf({ user, group }: LauncherConfig): SocketAccess {
  if (user !== null) return { kind: 'user', ...parseUser('RUNYARD_LAUNCHER_USER', user) };
  return group === null ? { kind: 'owner' } : { kind: 'group', gid: parseGroup('RUNYARD_LAUNCHER_GROUP', group) };
}

async function recipeOf({ image, languages }: LauncherConfig) {
  if (image !== null) return NOTHING;
  const known = await loadLanguages(LANGUAGES_DIR, { architecture: process.arch === 'arm64' ? 'arm64' : 'x64' });
  return rootRecipeOf(chooseLanguages('RUNYARD_LANGUAGES', languages, known));
}

async function start(config: LauncherConfig): Promise<RunningLauncher> {
  const logger = createLogger({
    service: 'launcher',
    version: packageJson.version,
    level: config.logLevel,
    destination: { write: (line) => void process.stderr.write(line) },
  });
  const context: SetupContext = {
    config,
    environment: process.env,
    recipe: await recipeOf(config),
    logger,
    // Standard output begins with the ready line.
    terminal: new Terminal(process.stderr),
    signal: stop.signal,
  };
  const wanted = config.runtime.sandbox;
  const kind = wanted === 'auto' ? ((await findsEngine()) ? 'docker' : 'native') : wanted;
  // A server that started this process has looked at the host itself.
  if (!config.hasLifeline) await requireHost(kind, config, logger);
  const access = accessOf(config);
  return kind === 'docker' ? await runDocker(context, access) : await runNative(context, access);
}

function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    if (stop.signal.aborted) resolve();
    stop.signal.addEventListener('abort', () => resolve());
  });
}

function watchLifeline(): void {
  process.stdin.on('error', () => stop.abort());
  process.stdin.on('end', () => stop.abort());
  process.stdin.on('close', () => stop.abort());
  process.stdin.resume();
}

function isForOperator(error: unknown): error is Error {
  return [
    ConfigError,
    StartupError,
    EngineError,
    HostRefusal,
    LauncherFailure,
    RuntimeRootError,
    LanguageDefinitionError,
  ].some((kind) => error instanceof kind);
}

/** `main.ts --health`: whether a launcher with these variables answers and can make places. */
async function answerHealth(): Promise<never> {
  const { socketPath } = loadConfig(process.env);
  const answers = await SocketLauncher.connect({ socketPath, connectMs: HEALTH_MS }).then(
    () => true,
    () => false,
  );
  process.exit(answers ? 0 : 1);
}

try {
  if (process.argv.includes('--health')) await answerHealth();
  const config = loadConfig(process.env);
  if (config.hasLifeline) watchLifeline();
  const launcher = await start(config);
  process.stdout.write(`ready ${JSON.stringify(launcher.facts)}\n`);
  // The native launcher's process is no reason for this one to stay; being its lifeline is.
  const staying = setInterval(() => undefined, STAYING_MS);
  const failure = await Promise.race([untilStopped(), launcher.failed]);
  clearInterval(staying);
  await launcher.stop();
  if (failure !== undefined) {
    process.stderr.write(`the launcher ${failure}\n`);
    process.exit(EXIT_SOFTWARE);
  }
} catch (error) {
  if (!stop.signal.aborted) {
    const text = isForOperator(error)
      ? error.message
      : error instanceof Error
        ? (error.stack ?? error.message)
        : String(error);
    process.stderr.write(`${text}\n`);
    if (isForOperator(error)) process.stdout.write(`refused ${text.replaceAll('\n', ' ')}\n`);
    process.exitCode = isForOperator(error) ? StartupError.exitCode : 1;
  }
}
process.exit();
