/**
 * One connection to a launcher = one place, or one question.
 *
 *   opening ──OPEN──► making ──place──► running ──PID 1 and END──► finishing ──► over
 *      ├── PROBE ── FACTS ─────────────────────────────────────────────┤
 *      └── bad, late, no room ── LAUNCH_ERROR ─────────────────────────┘
 *
 * The stream from the place is never paused, since an attach stream that nobody reads freezes the engine (finding F1). What
 * the host does not read is therefore held here, and bounded: per step by `outputBytes`, which STEP may not exceed, and over
 * the server's own bounds; above them the place is killed. The stream from the host is paused while PID 1 does not read.
 *
 * A host that hangs up is seen as the end of its stream: PID 1 then cancels what runs and ends. If it does not, it is killed.
 * While finishing, what the host still sends is thrown away: closing at once could cost it END.
 */
import type { Socket } from 'node:net';
import { encodeFrame, type Frame, FrameReader, ProtocolError } from '../protocol/index.ts';
import type { Launcher, Place, PlaceLimits } from '../sandbox.ts';
import { OPEN_FRAME_BYTES } from '../socket/probe.ts';
import { FrameBoundary } from './frame-boundary.ts';
import { HostPump } from './host-pump.ts';
import { type OpenRequest, parseOpenRequest, type PlaceBounds } from './open-request.ts';

export interface ConnectionOptions {
  readonly socket: Socket;
  readonly launcher: Launcher;
  readonly bounds: PlaceBounds;
  /** The FACTS frame; rejects while no place can be made. */
  readonly facts: () => Promise<Buffer>;
  /** False when all places are taken. To be given back by `leave`. */
  readonly enter: () => boolean;
  readonly leave: () => void;
  /** Bytes were added to what this host has not read yet: time to see whether that is too much. */
  readonly onUnread: () => void;
  readonly onTrouble: (text: string) => void;
  readonly onClose: () => void;
  readonly patience?: Partial<Patiences>;
}

interface Patiences {
  readonly openMs: number;
  /** From the end of the host's stream, or of PID 1's. */
  readonly finishMs: number;
}

const DEFAULT_PATIENCE: Patiences = { openMs: 5_000, finishMs: 10_000 };
/** Linux errno. */
const EPROTO = 71;
const ETIMEDOUT = 110;
const EAGAIN = 11;
const EIO = 5;

export class Connection {
  readonly #options: ConnectionOptions;
  readonly #socket: Socket;
  readonly #patience: Patiences;
  readonly #gone = new AbortController();
  readonly #boundary = new FrameBoundary();
  readonly #hasSpoken = Promise.withResolvers<void>();
  #opening: Buffer[] = [];
  #place: Place | null = null;
  #timer: NodeJS.Timeout | undefined;
  #isMaking = false;
  #isFinishing = false;
  #hasEntered = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#socket = options.socket;
    this.#patience = { ...DEFAULT_PATIENCE, ...options.patience };
    this.#socket.on('error', () => undefined);
    this.#socket.once('close', () => this.#onGone());
    this.#socket.on('data', this.#onOpening);
    this.#socket.once('end', this.#onOpeningEnd);
    this.#arm(this.#patience.openMs, () => this.#refuse(ETIMEDOUT, 'OPEN did not come in time'));
  }

  get unreadBytes(): number {
    return this.#socket.writableLength;
  }

  /** Hangs up, and kills what runs. */
  destroy(): void {
    this.#socket.destroy();
  }

  readonly #onOpening = (chunk: Buffer): void => {
    this.#opening.push(chunk);
    const length = this.#opening.reduce((sum, part) => sum + part.length, 0);
    if (length < OPEN_FRAME_BYTES) return;
    const bytes = Buffer.concat(this.#opening);
    this.#opening = [];
    this.#socket.off('data', this.#onOpening);
    this.#socket.off('end', this.#onOpeningEnd);
    this.#socket.pause();
    clearTimeout(this.#timer);
    const rest = bytes.subarray(OPEN_FRAME_BYTES);
    const request = parseOpenRequest(bytes.subarray(0, OPEN_FRAME_BYTES), this.#options.bounds);
    this.#serve(request, rest).catch((error: unknown) => this.#fail(error));
  };

  readonly #onOpeningEnd = (): void => this.destroy();

  async #serve(request: OpenRequest, rest: Buffer): Promise<void> {
    if (request.kind === 'refused') return this.#refuse(EPROTO, request.reason);
    if (request.kind === 'probe') return this.#finish(await this.#options.facts());
    this.#hasEntered = this.#options.enter();
    if (!this.#hasEntered) return this.#refuse(EAGAIN, 'all places of this launcher are in use');
    const place = await this.#make(request.limits);
    if (place === null) return;
    this.#pumpPlace(place);
    await this.#pumpHost(place, request.limits, rest);
  }

  /** Null when the host has gone meanwhile. Until it is made it counts as open, whatever the host does. */
  async #make(limits: PlaceLimits): Promise<Place | null> {
    this.#isMaking = true;
    try {
      this.#place = await this.#options.launcher.open(limits, this.#gone.signal);
    } finally {
      this.#isMaking = false;
      if (this.#gone.signal.aborted) await this.#release();
    }
    return this.#place;
  }

  #pumpPlace({ stream }: Place): void {
    stream.on('data', (chunk: Buffer) => {
      this.#boundary.push(chunk);
      this.#hasSpoken.resolve();
      if (this.#socket.writable) this.#socket.write(chunk);
      this.#options.onUnread();
    });
    stream.once('end', () => {
      this.#finish(null);
      void this.#release();
    });
    // Without END there is nothing that a host could believe.
    stream.once('close', () => {
      this.#hasSpoken.resolve();
      if (!this.#isFinishing) this.destroy();
    });
  }

  /** Resolves when the host has said all, or may not say more. */
  async #pumpHost(place: Place, limits: PlaceLimits, rest: Buffer): Promise<void> {
    const answer = (frame: Buffer): Promise<void> => this.#insert(frame);
    const pump = new HostPump({ place, limits, bounds: this.#options.bounds, answer });
    const frames: Frame[] = [];
    const reader = new FrameReader((frame) => void frames.push(frame));
    for await (const chunk of this.#hostChunks(rest)) {
      if (this.#isFinishing) continue;
      reader.push(chunk);
      for (let frame = frames.shift(); frame !== undefined; frame = frames.shift()) await pump.forward(frame);
    }
    if (this.#isFinishing) return;
    pump.end();
    this.#arm(this.#patience.finishMs, () => this.destroy());
  }

  async *#hostChunks(rest: Buffer): AsyncGenerator<Buffer> {
    if (rest.length > 0) yield rest;
    yield* this.#socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  }

  async #insert(frame: Buffer): Promise<void> {
    await this.#hasSpoken.promise;
    if (!this.#boundary.isBetweenFrames) throw new Error('PID 1 speaks out of turn');
    if (this.#socket.writable) this.#socket.write(frame);
  }

  /** After a place has begun to speak, an error frame may stand only between two of its own. */
  #fail(error: unknown): void {
    if (this.#gone.signal.aborted) return;
    const text = error instanceof Error ? error.message : String(error);
    this.#options.onTrouble(text);
    if (this.#boundary.isBetweenFrames) this.#refuse(error instanceof ProtocolError ? EPROTO : EIO, text);
    else this.destroy();
  }

  #refuse(errno: number, message: string): void {
    this.#finish(encodeFrame({ type: 'launchError', errno, message: message.slice(0, MAX_TEXT_CHARS) }));
    void this.#release();
  }

  #finish(last: Buffer | null): void {
    if (this.#isFinishing) return;
    this.#isFinishing = true;
    if (last !== null && this.#socket.writable) this.#socket.write(last);
    this.#socket.end();
    this.#socket.off('data', this.#onOpening);
    this.#socket.resume();
    this.#arm(this.#patience.finishMs, () => this.destroy());
  }

  #onGone(): void {
    clearTimeout(this.#timer);
    this.#gone.abort();
    this.#options.onClose();
    void this.#release();
  }

  async #release(): Promise<void> {
    if (this.#isMaking) return;
    const place = this.#place;
    this.#place = null;
    await place?.[Symbol.asyncDispose]();
    if (this.#hasEntered) this.#options.leave();
    this.#hasEntered = false;
  }

  #arm(afterMs: number, act: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(act, afterMs);
  }
}

const MAX_TEXT_CHARS = 256;
