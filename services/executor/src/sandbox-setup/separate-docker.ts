import path from 'node:path';
import { engineEnvironment } from '@runyard/sandbox/docker';
import { KeptProcess } from '@runyard/sandbox/keeper';
import { prepareUserFolder } from '@runyard/sandbox/native';
import type { SandboxImage } from '@runyard/sandbox/setup';
import { SocketLauncher } from '@runyard/sandbox/socket';
import type { LauncherSetup, SandboxSetupOptions, Separation } from './launcher-setup.ts';
import { placeBoundsOf } from './place-bounds.ts';

const STATE_DIR = '/run/runyard';
const MIB = 2 ** 20;
/** It asks the engine what it is and removes what a former one left. */
const READY_MS = 60_000;
/** Kills, removals and the engine's own delays; the keeper kills what takes longer. */
const STOP_MS = 15_000;

export interface SeparateDocker {
  readonly image: SandboxImage;
  readonly ownerId: string;
  readonly separation: Separation;
  readonly options: SandboxSetupOptions;
}

/**
 * The docker launcher as a process of its own: it has the engine, this one has its socket. A keeper starts it again when it
 * dies, where one could be compiled. Throws HostRefusal (what the launcher refuses), LauncherFailure.
 */
export async function startSeparateDocker(
  request: SeparateDocker,
): Promise<Pick<LauncherSetup, 'launcher' | 'check' | 'exited'>> {
  const { image, ownerId, separation, options } = request;
  const socketPath = path.join(await prepareUserFolder(STATE_DIR, separation.user), `${ownerId}.sock`);
  const kept = await KeptProcess.start({
    keeperPath: image.keeperPath,
    program: process.execPath,
    args: [separation.launcherMain],
    environment: environmentOf(request, socketPath),
    readyMs: READY_MS,
    onDiagnostics: (line) => options.logger.warn({ part: 'launcher' }, line),
    onRestart: () => options.logger.info({ part: 'launcher' }, 'the launcher was started again'),
  });
  const client = await SocketLauncher.connect({ socketPath }).catch(async (error: unknown) => {
    await kept.stop(STOP_MS);
    throw error;
  });
  return {
    launcher: {
      name: client.name,
      open: (limits, signal) => client.open(limits, signal),
      describe: () => client.describe(),
      close: () => kept.stop(STOP_MS),
    },
    check: (deadlineMs) => client.check(deadlineMs),
    exited: kept.exited,
  };
}

function environmentOf({ image, ownerId, separation, options }: SeparateDocker, socketPath: string) {
  const { uid, gid } = separation.user;
  const { hasCpuset, sandboxRuntime } = options.config;
  const { image: name, runtimeRoot, toolchains } = image;
  const bounds = placeBoundsOf(options.languages);
  return {
    ...engineEnvironment(options.environment),
    RUNYARD_SANDBOX: 'docker',
    RUNYARD_LAUNCHER_SOCKET: socketPath,
    RUNYARD_LAUNCHER_USER: `${uid}:${gid}`,
    RUNYARD_LAUNCHER_OWNER: ownerId,
    RUNYARD_LAUNCHER_LIFELINE: 'true',
    RUNYARD_LAUNCHER_IMAGE: JSON.stringify({ image: name, runtimeRoot, toolchains }),
    RUNYARD_MAX_MEMORY_MIB: String(Math.ceil(bounds.memoryBytes / MIB)),
    RUNYARD_MAX_PROCESSES: String(bounds.processes),
    RUNYARD_MAX_CPU_MILLI: String(bounds.cpuMilli),
    RUNYARD_MAX_PLACES: String(bounds.places),
    LOG_LEVEL: 'warn',
    RUNYARD_CPUSET: String(hasCpuset),
    ...(sandboxRuntime === null ? {} : { SANDBOX_RUNTIME: sandboxRuntime }),
  };
}
