import type { Launcher, Place, PlaceLimits } from '../sandbox.ts';
import { LauncherFailure } from './launcher-failure.ts';
import type { LauncherFacts } from './launcher-facts.ts';
import { DEFAULT_PLACE_SIZES, encodeOpenFrame, type PlaceSizes } from './open-frame.ts';
import { Patience } from './patience.ts';
import { probeLauncher } from './probe.ts';
import { SocketPlace } from './socket-place.ts';

export interface SocketLauncherOptions {
  /** Absolute. */
  readonly socketPath: string;
  readonly sizes?: Partial<PlaceSizes>;
  /** How long `connect` waits for a launcher that is still being started. */
  readonly connectMs?: number;
  /** How long `open` waits for a launcher that is being started again. Below the `openMs` of a sandbox. */
  readonly reopenMs?: number;
}

const DEFAULT_CONNECT_MS = 10_000;
const DEFAULT_REOPEN_MS = 5_000;

/**
 * Sandboxes of a launcher behind a Unix socket, native or docker: one connection each. Needs no rights but to connect.
 * Holds nothing between places, so a launcher that died and is back is simply used again.
 */
export class SocketLauncher implements Launcher {
  readonly name: Launcher['name'];
  /** What the launcher said when we connected. */
  readonly facts: LauncherFacts;
  readonly #options: SocketLauncherOptions;
  readonly #sizes: PlaceSizes;
  readonly #closing = new AbortController();
  readonly #open = new Set<Place>();

  private constructor(options: SocketLauncherOptions, facts: LauncherFacts, name: Launcher['name']) {
    this.#options = options;
    this.#sizes = { ...DEFAULT_PLACE_SIZES, ...options.sizes };
    this.facts = facts;
    this.name = name;
  }

  /** Asks the launcher what it is. Throws LauncherFailure when none answers in time, or it cannot make places. */
  static async connect(options: SocketLauncherOptions, signal?: AbortSignal): Promise<SocketLauncher> {
    using patience = new Patience(options.connectMs ?? DEFAULT_CONNECT_MS, signal);
    const facts = await probeLauncher(options.socketPath, patience.signal);
    const kind = facts.launcher['launcher'];
    if (kind !== 'native' && kind !== 'docker') throw new LauncherFailure(`an unknown kind of launcher: ${kind}`);
    return new SocketLauncher(options, facts, kind);
  }

  describe(): Readonly<Record<string, string>> {
    const { launcher, runtimeRoot } = this.facts;
    return runtimeRoot === null ? launcher : { ...launcher, runtimeRoot };
  }

  /** Rejects with LauncherFailure when no place can be made now, or that is not known within `deadlineMs`. */
  async check(deadlineMs: number): Promise<void> {
    using patience = new Patience(deadlineMs, this.#closing.signal);
    await probeLauncher(this.#options.socketPath, patience.signal);
  }

  /** Throws LauncherFailure when there is nobody to connect to; what fails later is a LAUNCH_ERROR on the stream. */
  async open(limits: PlaceLimits, signal?: AbortSignal): Promise<Place> {
    const openFrame = encodeOpenFrame(limits, this.#sizes);
    if (this.#closing.signal.aborted) throw new LauncherFailure('the launcher is closed');
    using patience = new Patience(this.#options.reopenMs ?? DEFAULT_REOPEN_MS, this.#closing.signal, signal);
    const place = await SocketPlace.open(this.#options.socketPath, openFrame, patience.signal);
    this.#open.add(place);
    place.stream.once('close', () => this.#open.delete(place));
    return place;
  }

  /** Hangs up on what is open: the launcher kills it. The launcher itself is somebody else's. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all([...this.#open].map((place) => place[Symbol.asyncDispose]()));
  }
}
