import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import type { Launcher } from '@runyard/sandbox';
import { DockerLauncher, Engine } from '@runyard/sandbox/docker';
import { bringImage, canMakeRoots } from '@runyard/sandbox/setup';
import { LauncherServer, type SocketAccess } from '@runyard/sandbox/socket-server';
import { AppError } from '@runyard/shared/errors';
import type { LauncherConfig, ReadyImage } from './config.ts';
import type { SetupContext } from './context.ts';
import type { RunningLauncher } from './running-launcher.ts';

const FIND_MS = 2_000;
/** Below the patience of who asks: the answer must come before the question is given up. */
const CHECK_MS = 2_000;
const MAX_DEADLINE_MS = 24 * 3600 * 1000;

/** Whether an engine answers. */
export async function findsEngine(): Promise<boolean> {
  return new Engine(null).ping(FIND_MS).then(
    () => true,
    () => false,
  );
}

/** Containers behind the socket. Throws EngineError, RuntimeRootError, LauncherFailure. */
export async function runDocker(context: SetupContext, access: SocketAccess): Promise<RunningLauncher> {
  const { config, logger } = context;
  const engine = new Engine(null);
  const { image, runtimeRoot, toolchains } = config.image ?? (await bringReadyImage(engine, context));
  const ownerId = config.ownerId ?? ownerIdOf(config.socketPath);
  const launcher = await DockerLauncher.start({
    engine,
    image,
    runtime: config.runtime.sandboxRuntime,
    hasCpuset: config.runtime.hasCpuset,
    ownerId,
    onDiagnostics: (text) => logger.warn({ part: 'launcher' }, text),
  });
  const server = await LauncherServer.start({
    launcher: withOwner(launcher, ownerId),
    check: () => checkEngine(launcher),
    setup: { runtimeRoot, toolchains },
    bounds: boundsOf(config),
    maxPlaces: config.maxPlaces,
    socketPath: config.socketPath,
    access,
    onTrouble: (text) => logger.warn({ part: 'socket' }, text),
  }).catch(async (error: unknown) => {
    await launcher.close();
    throw error;
  });
  return {
    facts: server.facts.launcher,
    failed: new Promise(() => undefined),
    async stop() {
      server.stopListening();
      await launcher.close();
      server.hangUp();
    },
  };
}

async function bringReadyImage(engine: Engine, context: SetupContext): Promise<ReadyImage> {
  const { config, environment, recipe, signal, terminal } = context;
  const { cacheDir, maySetUp, debianMirror, sandboxImage } = config.runtime;
  try {
    return await bringImage({
      engine,
      recipe,
      cacheDir,
      sandboxImage,
      debianMirror,
      environment,
      signal,
      mayInstall: maySetUp,
      canMakeRoots: canMakeRoots(),
      progress: terminal.progress,
      onLine: (line) => terminal.running(`  ${line}`),
    });
  } finally {
    terminal.done();
  }
}

function boundsOf(config: LauncherConfig) {
  return {
    memoryBytes: config.maxMemoryBytes,
    processes: config.maxProcesses,
    cpuMilli: config.maxCpuMilli,
    deadlineMs: MAX_DEADLINE_MS,
    outputBytes: config.maxOutputBytes,
  };
}

/** The engine's own words name sockets of this host: they are for the log. */
async function checkEngine(launcher: DockerLauncher): Promise<void> {
  await launcher.check(CHECK_MS).catch((cause: unknown) => {
    throw new AppError('sandbox_unavailable', 'The container engine does not answer.', { cause });
  });
}

function withOwner(launcher: DockerLauncher, ownerId: string): Launcher {
  const facts = { ...launcher.describe(), ownerId };
  return {
    name: launcher.name,
    open: launcher.open.bind(launcher),
    close: launcher.close.bind(launcher),
    describe: () => facts,
  };
}

/** The same after a restart at the same place, so that what a killed launcher left is found and removed. */
function ownerIdOf(socketPath: string): string {
  return createHash('sha256').update(`${hostname()}\n${socketPath}`).digest('hex').slice(0, 16);
}
