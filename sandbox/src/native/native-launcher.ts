import { randomBytes } from 'node:crypto';
import { chmod, mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { KeptProcess } from '../keeper/kept-process.ts';
import type { Launcher, Place, PlaceLimits } from '../sandbox.ts';
import { LauncherFailure } from '../socket/launcher-failure.ts';
import { SocketLauncher } from '../socket/socket-launcher.ts';
import { prepareSocketFolder, prepareUserFolder } from '../socket/socket-folder.ts';
import { launcherArgs } from './launcher-args.ts';
import { DEFAULT_STATE_DIR, type NativeLauncherOptions } from './options.ts';

const DEFAULT_READY_MS = 30_000;
/** Group or others may pass through a folder. */
const PASSAGE = 0o011;
const PASSAGE_MODE = 0o711;
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

/** Where to listen, in a folder that root alone can change and the user can enter. */
async function prepareSocket(options: NativeLauncherOptions, ownerId: string): Promise<string> {
  const stateDir = path.resolve(options.stateDir ?? DEFAULT_STATE_DIR);
  const { socketPath, user = null } = options;
  // The socket may stand in the state folder itself, which is made for the user then.
  if (socketPath !== undefined) await prepareSocketFolder(path.dirname(socketPath), user?.gid ?? null);
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  if (socketPath === undefined)
    return path.join(user === null ? stateDir : await prepareUserFolder(stateDir, user), `${ownerId}.sock`);
  // Left by a launcher for root alone.
  if (user !== null && ((await stat(stateDir)).mode & PASSAGE) === 0) await chmod(stateDir, PASSAGE_MODE);
  return socketPath;
}
