import { once } from 'node:events';
import { encodeFrame, type Frame, ProtocolError, type StepFrame } from '../protocol/index.ts';
import { NoRoomError, type Place, type PlaceLimits } from '../sandbox.ts';
import type { PlaceBounds } from './open-request.ts';

export interface HostPumpOptions {
  readonly place: Place;
  /** What OPEN asked for: no step may have more. */
  readonly limits: PlaceLimits;
  readonly bounds: PlaceBounds;
  /** A frame of the launcher's own, between those of PID 1 and never before its first. */
  readonly answer: (frame: Buffer) => Promise<void>;
}

/** OPEN is none of them: it comes once, before all. */
const HOST_FRAMES: ReadonlySet<Frame['type']> = new Set<Frame['type']>([
  'helloHost',
  'step',
  'file',
  'go',
  'stdin',
  'stdinEnd',
  'cancel',
]);
/** What PID 1 is told even when no step can run any more. */
const ALWAYS: ReadonlySet<Frame['type']> = new Set<Frame['type']>(['helloHost', 'cancel']);
/** Linux errno ENOMEM: what PID 1 says of a step whose limit is below what earlier steps left. */
const ENOMEM = 12;

/**
 * Hands the frames of the host on to PID 1, one after the other and never faster than it reads them, and sets the limits of
 * a step before GO. Throws ProtocolError for what a host may not say.
 */
export class HostPump {
  readonly #options: HostPumpOptions;
  #step: StepFrame | null = null;
  /** From here on every step is refused room. */
  #isOutOfRoom = false;

  constructor(options: HostPumpOptions) {
    this.#options = options;
  }

  async forward(frame: Frame): Promise<void> {
    if (!HOST_FRAMES.has(frame.type)) throw new ProtocolError('unexpected_frame', `${frame.type} from the host`);
    if (frame.type === 'go') return await this.#go(frame);
    if (frame.type === 'step') this.#checkStep(frame);
    if (this.#isOutOfRoom && !ALWAYS.has(frame.type)) return;
    await this.#write(frame);
  }

  /** The host has said all. */
  end(): void {
    this.#options.place.stream.end();
  }

  #checkStep(step: StepFrame): void {
    this.#step = step;
    const { limits, bounds } = this.#options;
    const most = { memoryBytes: limits.memoryBytes, processes: limits.processes, outputBytes: bounds.outputBytes };
    for (const name of ['memoryBytes', 'processes', 'outputBytes'] as const) {
      if (step[name] > most[name]) throw new ProtocolError('bad_payload', `STEP: ${name} is above what the place has`);
    }
  }

  async #go(frame: Frame & { type: 'go' }): Promise<void> {
    const step = this.#step;
    if (step?.step !== frame.step) throw new ProtocolError('unexpected_frame', 'GO without its STEP');
    this.#step = null;
    if (!this.#isOutOfRoom) this.#isOutOfRoom = !(await this.#prepare(step));
    if (!this.#isOutOfRoom) return await this.#write(frame);
    await this.#options.answer(encodeNoRoom(step.step));
    if (frame.isLast) await this.#write({ type: 'cancel', step: frame.step });
  }

  /** Whether there is room for it. */
  async #prepare(step: StepFrame): Promise<boolean> {
    try {
      await this.#options.place.prepareStep?.(step);
      return true;
    } catch (error) {
      if (error instanceof NoRoomError) return false;
      throw error;
    }
  }

  async #write(frame: Frame): Promise<void> {
    const { stream } = this.#options.place;
    if (stream.destroyed || stream.writableEnded || stream.write(encodeFrame(frame))) return;
    const waiting = new AbortController();
    const { signal } = waiting;
    // A stream that is destroyed does not drain.
    await Promise.race([once(stream, 'drain', { signal }), once(stream, 'close', { signal })]).catch(() => undefined);
    waiting.abort();
  }
}

function encodeNoRoom(step: number): Buffer {
  return encodeFrame({
    type: 'stepExit',
    step,
    kind: 'not_started',
    killReason: 'none',
    memorySource: 'rss',
    artifactError: 'none',
    value: ENOMEM,
    wallUs: 0,
    cpuUs: 0,
    memoryPeakBytes: 0,
    oomKills: 0,
    stdoutBytes: 0,
    stderrBytes: 0,
    processesPeak: 0,
    isTruncated: false,
    artifactCount: 0,
    artifactBytes: 0,
  });
}
