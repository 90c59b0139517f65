import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Launcher, Place, PlaceLimits } from '../sandbox.ts';
import { LauncherFailure } from '../socket/launcher-failure.ts';
import { SocketPlace } from '../socket/socket-place.ts';
import { LauncherProcess, type LauncherProcessOptions } from './launcher-process.ts';
import { DEFAULT_PLACE_SIZES, encodeOpenFrame, type PlaceSizes } from '../socket/open-frame.ts';

export type LauncherLog = (level: 'info' | 'warn' | 'error', message: string) => void;

export interface NativeLauncherOptions {
  /** Binaries of `@runyard/sandbox/runtime-root`. Absolute paths. */
  readonly launcherPath: string;
  readonly supervisorPath: string;
  readonly rootDir: string;
  /** One per host, shared by its launchers: they share out uids and sweep each other's remains there. */
  readonly stateDir?: string;
  /** 8 lower-case hex digits; default random. Two launchers of one owner cannot run at the same time. */
  readonly ownerId?: string;
  readonly sizes?: Partial<PlaceSizes>;
  /** How long the daemon may take to check the host and sweep. */
  readonly readyMs?: number;
  readonly log?: LauncherLog;
}

const NEVER = new AbortController().signal;
const DEFAULT_STATE_DIR = '/run/runyard';
const DEFAULT_READY_MS = 30_000;
/** The daemon itself takes at most 8 s to clean up. */
const CLOSE_GRACE_MS = 10_000;
const DEATH_NOTICE_MS = 500;
/** A daemon that cannot be started again is not tried for every run. */
const RESTART_PAUSE_MS = 1_000;

/**
 * Sandboxes without an engine: a small privileged daemon of ours makes them (`sandbox/launcher/main.c`).
 *
 * When the daemon dies, all its sandboxes die with it: their streams end without END. The next `open` starts a new one,
 * which first sweeps what the dead one left; opens in between wait for it, and fail together when it does not start.
 */
export class NativeLauncher implements Launcher {
  readonly name = 'native';
  readonly #options: LauncherProcessOptions;
  readonly #sizes: PlaceSizes;
  readonly #log: LauncherLog;
  #process: LauncherProcess;
  #restarting: Promise<LauncherProcess> | null = null;
  #restartFailure: { readonly error: unknown; readonly atMs: number } | null = null;
  #closing: Promise<void> | null = null;
  #restarts = 0;

  private constructor(options: LauncherProcessOptions, sizes: PlaceSizes, log: LauncherLog, first: LauncherProcess) {
    this.#options = options;
    this.#sizes = sizes;
    this.#log = log;
    this.#process = first;
    this.#watch(first);
  }

  /** Throws HostRefusal when this host cannot enforce what the launcher promises, LauncherFailure otherwise. */
  static async start(options: NativeLauncherOptions): Promise<NativeLauncher> {
    const log = options.log ?? (() => undefined);
    const processOptions: LauncherProcessOptions = {
      launcherPath: options.launcherPath,
      supervisorPath: options.supervisorPath,
      rootDir: options.rootDir,
      stateDir: path.resolve(options.stateDir ?? DEFAULT_STATE_DIR),
      ownerId: options.ownerId ?? randomBytes(4).toString('hex'),
      readyMs: options.readyMs ?? DEFAULT_READY_MS,
      onDiagnostics: (line) => {
        log('warn', line);
      },
    };
    const sizes = { ...DEFAULT_PLACE_SIZES, ...options.sizes };
    return new NativeLauncher(processOptions, sizes, log, await LauncherProcess.start(processOptions));
  }

  /** Throws LauncherFailure when there is no daemon to connect to; what fails later is a LAUNCH_ERROR on the stream. */
  async open(limits: PlaceLimits, signal?: AbortSignal): Promise<Place> {
    const openFrame = encodeOpenFrame(limits, this.#sizes);
    const daemon = await this.#living();
    signal?.throwIfAborted();
    try {
      return await SocketPlace.open(daemon.socketPath, openFrame, signal ?? NEVER);
    } catch (error) {
      // A daemon that has just died refuses connections before its exit is known here.
      if (signal?.aborted === true || !(await diesWithin(daemon, DEATH_NOTICE_MS))) throw error;
    }
    return SocketPlace.open((await this.#living()).socketPath, openFrame, signal ?? NEVER);
  }

  describe(): Readonly<Record<string, string>> {
    return {
      launcher: this.name,
      ...this.#process.facts,
      ownerId: this.#options.ownerId,
      pid: String(this.#process.pid),
      restarts: String(this.#restarts),
    };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    // A restart that is under way must not leave a daemon behind.
    await this.#restarting?.catch(() => undefined);
    await this.#process.stop(CLOSE_GRACE_MS);
  }

  async #living(): Promise<LauncherProcess> {
    if (this.#closing !== null) throw new LauncherFailure('the launcher is closed');
    if (this.#process.isAlive) return this.#process;
    const failure = this.#restartFailure;
    if (failure !== null && performance.now() - failure.atMs < RESTART_PAUSE_MS) throw failure.error;
    this.#restarting ??= this.#restart();
    return this.#restarting;
  }

  async #restart(): Promise<LauncherProcess> {
    try {
      const daemon = await LauncherProcess.start(this.#options);
      this.#process = daemon;
      this.#restarts += 1;
      this.#restartFailure = null;
      this.#watch(daemon);
      this.#log('info', 'the launcher was started again');
      return daemon;
    } catch (error) {
      this.#restartFailure = { error, atMs: performance.now() };
      throw error;
    } finally {
      this.#restarting = null;
    }
  }

  #watch(daemon: LauncherProcess): void {
    daemon.exited.then(
      (how) => {
        if (this.#closing === null) this.#log('error', `the launcher ${how}; its sandboxes are lost`);
      },
      () => undefined,
    );
  }
}

async function diesWithin(daemon: LauncherProcess, patienceMs: number): Promise<boolean> {
  const patience = new AbortController();
  const timeout = sleep(patienceMs, false, { signal: patience.signal, ref: false }).catch(() => false);
  const died = daemon.exited.then(() => true);
  return Promise.race([died, timeout]).finally(() => {
    patience.abort();
  });
}
