import { randomBytes } from 'node:crypto';
import { chmod, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { KeptProcess } from '../keeper/kept-process.ts';
import type { Launcher, Place, PlaceLimits } from '../sandbox.ts';
import { LauncherFailure } from '../socket/launcher-failure.ts';
import type { PlaceSizes } from '../socket/open-frame.ts';
import { SocketLauncher } from '../socket/socket-launcher.ts';
import { prepareSocketFolder, type SocketUser } from './socket-folder.ts';

export type LauncherLog = (level: 'info' | 'warn' | 'error', message: string) => void;

export interface NativeLauncherOptions {
  /** Binaries of `@runyard/sandbox/runtime-root`. Absolute paths. */
  readonly keeperPath: string;
  readonly launcherPath: string;
  readonly supervisorPath: string;
  readonly rootDir: string;
  /** One per host, shared by its launchers: they share out uids and sweep each other's remains there. */
  readonly stateDir?: string;
  /** 8 lower-case hex digits; default random. Two launchers of one owner cannot run at the same time. */
  readonly ownerId?: string;
  /** Where the socket stands: a folder that the user may enter and not write. Default: a folder of its own below `stateDir`. */
  readonly socketPath?: string;
  /** The only one besides root who may connect; null: nobody. */
  readonly user?: SocketUser | null;
  /** Told to whoever asks the launcher what it is. */
  readonly setup?: { readonly runtimeRoot: string; readonly toolchains: Readonly<Record<string, string>> };
  readonly sizes?: Partial<PlaceSizes>;
  /** The most that whoever connects may ask for one place; default: what arithmetic can bear. */
  readonly bounds?: Pick<PlaceLimits, 'memoryBytes' | 'processes' | 'cpuMilli'>;
  /** How long the daemon may take to check the host and sweep. */
  readonly readyMs?: number;
  readonly log?: LauncherLog;
}

const DEFAULT_STATE_DIR = '/run/runyard';
const DEFAULT_READY_MS = 30_000;
/** The daemon takes at most 8 s to clean up, and the keeper kills it after 9. */
const CLOSE_GRACE_MS = 15_000;

/**
 * Sandboxes without an engine: a small privileged daemon of ours makes them (`sandbox/launcher/main.c`), its keeper starts
 * it again when it dies, and this class is the client of its socket. After `start` it needs no rights any more.
 *
 * When the daemon dies, all its sandboxes die with it: their streams end without END. An `open` in between waits for the
 * next daemon, which first sweeps what the dead one left.
 */
export class NativeLauncher implements Launcher {
  readonly name = 'native';
  /** Resolves with a sentence when keeper and daemon are gone for good. */
  readonly exited: Promise<string>;
  readonly #kept: KeptProcess;
  readonly #client: SocketLauncher;
  #closing: Promise<void> | null = null;

  private constructor(kept: KeptProcess, client: SocketLauncher) {
    this.#kept = kept;
    this.#client = client;
    this.exited = kept.exited;
  }

  /** Needs root. Throws HostRefusal when this host cannot enforce what the launcher promises, LauncherFailure otherwise. */
  static async start(options: NativeLauncherOptions): Promise<NativeLauncher> {
    const log = options.log ?? (() => undefined);
    const ownerId = options.ownerId ?? randomBytes(4).toString('hex');
    const socketPath = await prepareSocket(options, ownerId);
    const kept = await KeptProcess.start({
      keeperPath: options.keeperPath,
      program: options.launcherPath,
      args: launcherArgs(options, ownerId, socketPath),
      environment: {},
      readyMs: options.readyMs ?? DEFAULT_READY_MS,
      onDiagnostics: (line) => log('warn', line),
      onRestart: () => log('info', 'the launcher was started again'),
    });
    try {
      const sizes = options.sizes === undefined ? {} : { sizes: options.sizes };
      return new NativeLauncher(kept, await SocketLauncher.connect({ socketPath, ...sizes }));
    } catch (error) {
      await kept.stop(CLOSE_GRACE_MS);
      throw error;
    }
  }

  /** Throws LauncherFailure when there is no daemon to connect to; what fails later is a LAUNCH_ERROR on the stream. */
  async open(limits: PlaceLimits, signal?: AbortSignal): Promise<Place> {
    if (this.#closing !== null) throw new LauncherFailure('the launcher is closed');
    if (!this.#kept.isAlive) throw new LauncherFailure(`the keeper of the launcher ${await this.#kept.exited}`);
    return await this.#client.open(limits, signal);
  }

  describe(): Readonly<Record<string, string>> {
    return { ...this.#client.describe(), ...this.#kept.facts, restarts: String(this.#kept.restarts) };
  }

  /** Rejects with LauncherFailure when no place can be made now. */
  async check(deadlineMs: number): Promise<void> {
    if (!this.#kept.isAlive) throw new LauncherFailure(`the keeper of the launcher ${await this.#kept.exited}`);
    await this.#client.check(deadlineMs);
  }

  close(): Promise<void> {
    this.#closing ??= this.#kept.stop(CLOSE_GRACE_MS);
    return this.#closing;
  }
}

async function prepareSocket(options: NativeLauncherOptions, ownerId: string): Promise<string> {
  const stateDir = path.resolve(options.stateDir ?? DEFAULT_STATE_DIR);
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  if (options.socketPath !== undefined) return options.socketPath;
  const user = options.user ?? null;
  if (user === null) return path.join(stateDir, `${ownerId}.sock`);
  // Others may pass through it, and see nothing: what stands in it has modes of its own.
  await chmod(stateDir, 0o711);
  const folder = path.join(stateDir, `for-${user.uid}`);
  await prepareSocketFolder(folder, user);
  return path.join(folder, `${ownerId}.sock`);
}

function launcherArgs(options: NativeLauncherOptions, ownerId: string, socketPath: string): string[] {
  const stateDir = path.resolve(options.stateDir ?? DEFAULT_STATE_DIR);
  const args = ['--socket', socketPath, '--root', options.rootDir, '--supervisor', options.supervisorPath];
  args.push('--state-dir', stateDir, '--owner', ownerId);
  if (options.setup !== undefined) args.push('--facts', JSON.stringify(options.setup));
  const { bounds } = options;
  if (bounds !== undefined) {
    args.push('--max-memory', String(bounds.memoryBytes), '--max-processes', String(bounds.processes));
    args.push('--max-cpu-milli', String(bounds.cpuMilli));
  }
  const user = options.user ?? null;
  if (user !== null) args.push('--uid', String(user.uid), '--gid', String(user.gid));
  return args;
}
