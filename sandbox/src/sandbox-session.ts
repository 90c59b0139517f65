/**
 * One conversation with PID 1 of one place, from HELLO to END.
 *
 * Everything happens in answer to three things: bytes from the stream, the abort signal, one timer. All that is to be sent
 * in answer to one chunk goes out in one write. The session never pauses the stream: what a step may print is bounded by
 * PID 1 and checked here, so there is nothing to push back. It ends exactly once, whatever the stream does, and destroys
 * the stream then; the launcher takes a hang-up for an order to kill.
 *
 * It gathers evidence and leaves the meaning to `session-report.ts`.
 */
import type { Duplex } from 'node:stream';
import type { Deadlines, Margins } from './deadlines.ts';
import { OutputCollector } from './output-collector.ts';
import type { SandboxLimits } from './plan.ts';
import type { PreparedStep } from './prepared-steps.ts';
import type { EndFrame, Frame, StdinCreditFrame, StepExitFrame } from './protocol/index.ts';
import { FrameReader, FrameWriter, ProtocolError, writeFrame } from './protocol/index.ts';
import type { SandboxFailure } from './report.ts';
import { NoRoomError } from './sandbox.ts';
import { leadsOn } from './step-flow.ts';
import { writeStepStart } from './step-start.ts';
import { StdinFeeder } from './stdin-feeder.ts';

export interface SessionOptions {
  readonly steps: readonly PreparedStep[];
  readonly stream: Duplex;
  /** See `Place.prepareStep`; null where PID 1 sets the limits itself. */
  readonly prepareStep: ((limits: SandboxLimits) => Promise<void>) | null;
  readonly deadlines: Deadlines;
  readonly margins: Margins;
  readonly signal: AbortSignal | undefined;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

export interface SessionEvidence {
  /** The steps that were started, in order. Only the last can be without a record. */
  readonly steps: readonly StepRecord[];
  readonly end: EndFrame | null;
  readonly isCancelRequested: boolean;
  /** The step after those that were started did not fit into its memory limit. */
  readonly isOutOfRoom: boolean;
  /** What the machinery did wrong, when it was seen to. */
  readonly failure: SandboxFailure | null;
  readonly readyAtMs: number | null;
}

export interface StepRecord {
  readonly step: PreparedStep;
  readonly output: OutputCollector;
  readonly exit: StepExitFrame | null;
  /** On the host's clock; only used when PID 1 left no record. */
  readonly hostWallMs: number;
}

interface RunningStep {
  readonly step: PreparedStep;
  readonly output: OutputCollector;
  readonly stdin: StdinFeeder;
  readonly startedAtMs: number;
}

/** Never rejects. The stream is destroyed when it resolves. */
export function holdSession(options: SessionOptions): Promise<SessionEvidence> {
  return new Promise((resolve) => {
    new SandboxSession(options, resolve).start();
  });
}

class SandboxSession {
  readonly #options: SessionOptions;
  readonly #resolve: (evidence: SessionEvidence) => void;
  readonly #reader = new FrameReader((frame) => this.#onFrame(frame));
  readonly #done: StepRecord[] = [];
  #running: RunningStep | null = null;
  #writer: FrameWriter | null = null;
  #timer: NodeJS.Timeout | undefined;
  #hasGreeted = false;
  #readyAtMs: number | null = null;
  #end: EndFrame | null = null;
  #isCancelRequested = false;
  #isOutOfRoom = false;
  #failure: SandboxFailure | null = null;
  #isOver = false;

  constructor(options: SessionOptions, resolve: (evidence: SessionEvidence) => void) {
    this.#options = options;
    this.#resolve = resolve;
  }

  start(): void {
    const { stream, signal, deadlines, steps } = this.#options;
    stream.on('error', this.#onError);
    stream.on('data', this.#onData);
    stream.on('end', this.#onStreamOver);
    stream.on('close', this.#onStreamOver);
    signal?.addEventListener('abort', this.#onAbort, { once: true });
    this.#arm(deadlines.hostMs);
    if (stream.destroyed) return this.#onStreamOver();
    writeFrame(this.#out(), { type: 'helloHost', deadlineMs: deadlines.supervisorMs });
    this.#startStep(steps[0]);
    if (signal?.aborted === true) this.#onAbort();
    this.#flush();
  }

  readonly #onData = (chunk: Buffer): void => {
    try {
      this.#reader.push(chunk);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#onBroken(error);
    }
    if (!this.#isOver) this.#flush();
  };

  // oxlint-disable-next-line complexity -- one row per frame type
  readonly #onFrame = (frame: Frame): void => {
    if (this.#isOver) return;
    if (!this.#hasGreeted) return this.#onFirstFrame(frame);
    switch (frame.type) {
      case 'stdout':
      case 'stderr':
        return this.#onOutput(frame.type, frame.step, frame.data);
      case 'stdinCredit':
        return this.#onCredit(frame);
      case 'stepExit':
        return this.#onStepExit(frame);
      case 'ready':
        this.#readyAtMs ??= this.#options.now();
        return;
      case 'done':
        if (this.#running !== null && !this.#isCancelRequested) throw unexpected('DONE while a step runs');
        return;
      case 'error':
        return this.#fail(failureOfError(frame.code, frame.message, this.#readyAtMs !== null));
      case 'end':
        this.#end = frame;
        return this.#finish();
      case 'artifact':
      case 'helloSandbox':
      case 'launchError':
      case 'open':
      case 'helloHost':
      case 'step':
      case 'file':
      case 'go':
      case 'stdin':
      case 'stdinEnd':
      case 'cancel':
        throw unexpected(`${frame.type} from PID 1`);
    }
  };

  #onFirstFrame(frame: Frame): void {
    if (frame.type === 'helloSandbox') {
      this.#hasGreeted = true;
    } else if (frame.type === 'launchError') {
      this.#fail({ reason: 'launch_failed', message: `${frame.message} (errno ${frame.errno})` });
    } else if (frame.type === 'end') {
      this.#end = frame;
      this.#finish();
    } else {
      throw unexpected(`${frame.type} before HELLO`);
    }
  }

  #onCredit(credit: StdinCreditFrame): void {
    // A credit may cross the end of its step on the way.
    if (credit.step !== this.#running?.step.index) return;
    const { stdin } = this.#running;
    stdin.addCredit(credit.bytes);
    if (credit.isClosed) stdin.close();
    stdin.write(this.#out());
  }

  #onOutput(stream: 'stdout' | 'stderr', step: number, data: Uint8Array): void {
    const running = this.#running;
    if (running === null || running.step.index !== step) throw unexpected(`output of step ${step}`);
    // PID 1 never sends it; END behind half a frame could look like it, and must then break the stream.
    if (data.length === 0) throw unexpected('empty output');
    if (running.output.length + data.length > running.step.plan.limits.outputBytes)
      throw unexpected('output above the limit');
    running.output.append(stream, data);
  }

  #onStepExit(exit: StepExitFrame): void {
    const running = this.#running;
    if (running === null || running.step.index !== exit.step) throw unexpected(`STEP_EXIT of step ${exit.step}`);
    this.#closeRunning(exit);
    if (running.step.isLast) return this.#arm(this.#options.margins.endingMs);
    const goesOn = !this.#isCancelRequested && leadsOn(running.step, exit);
    if (goesOn) return this.#startStep(this.#options.steps[exit.step + 1]);
    // Nothing runs: CANCEL is then the order to end.
    if (!this.#isCancelRequested) writeFrame(this.#out(), { type: 'cancel', step: exit.step + 1 });
    this.#arm(this.#options.margins.endingMs);
  }

  #startStep(step: PreparedStep | undefined): void {
    if (step === undefined) throw new Error('a step that is not last has a next one');
    const { prepareStep } = this.#options;
    if (prepareStep === null) return this.#goStep(step);
    prepareStep(step.plan.limits).then(
      () => {
        if (this.#isOver || this.#isCancelRequested) return;
        this.#goStep(step);
        this.#flush();
      },
      (error: unknown) => {
        if (this.#isOver) return;
        if (error instanceof NoRoomError) return this.#onNoRoom(step);
        const message = `the limits of step ${step.index} could not be set: ${String(error)}`;
        this.#fail({ reason: 'launch_failed', message });
      },
    );
  }

  #onNoRoom(step: PreparedStep): void {
    if (this.#isCancelRequested) return;
    this.#isOutOfRoom = true;
    writeFrame(this.#out(), { type: 'cancel', step: step.index });
    this.#arm(this.#options.margins.endingMs);
    this.#flush();
  }

  #goStep(step: PreparedStep): void {
    const stdin = new StdinFeeder(step.index, step.plan.stdin);
    this.#running = { step, stdin, output: new OutputCollector(), startedAtMs: this.#options.now() };
    writeStepStart(this.#out(), step);
    stdin.write(this.#out());
  }

  #closeRunning(exit: StepExitFrame | null): void {
    if (this.#running === null) return;
    const { step, output, startedAtMs } = this.#running;
    this.#done.push({ step, output, exit, hostWallMs: this.#options.now() - startedAtMs });
    this.#running = null;
  }

  readonly #onAbort = (): void => {
    // A last step that is over has its ending; a cancel that comes too late changes nothing.
    if (this.#isOver || this.#isCancelRequested || this.#isLastOver()) return;
    this.#isCancelRequested = true;
    this.#running?.stdin.close();
    writeFrame(this.#out(), { type: 'cancel', step: this.#running?.step.index ?? 0 });
    this.#arm(this.#options.margins.endingMs);
    this.#flush();
  };

  #isLastOver(): boolean {
    return this.#done.at(-1)?.step.isLast === true;
  }

  /** PID 1 may have died inside a frame: then the stream is about to end, with END. Else it must be made to end. */
  #onBroken(error: ProtocolError): void {
    this.#failure ??= { reason: 'protocol', message: `${error.code}: ${error.message}` };
    this.#writer = null;
    this.#arm(Math.min(BROKEN_STREAM_MS, this.#options.margins.endingMs));
  }

  readonly #onError = (error: Error): void => {
    this.#streamOver(`: ${error.message}`);
  };

  readonly #onStreamOver = (): void => {
    this.#streamOver('');
  };

  #streamOver(detail: string): void {
    if (this.#isOver) return;
    const tail = this.#reader.finish();
    this.#end = tail.end;
    if (tail.swallowedBytes > 0) this.#running?.output.dropLast(tail.swallowedBytes);
    // What looked like a fault was END behind half a frame.
    if (tail.end !== null && !tail.isViolation) this.#failure = null;
    if (tail.end === null)
      this.#failure ??= { reason: 'supervisor_lost', message: `the stream ended without END${detail}` };
    this.#finish();
  }

  readonly #onTimeout = (): void => {
    this.#fail({ reason: 'deadline', message: `no end in time: ${this.#describe()}` });
  };

  #describe(): string {
    const step = this.#running === null ? `after step ${this.#done.length - 1}` : `in step ${this.#running.step.index}`;
    const ready = this.#readyAtMs === null ? ', PID 1 was never ready' : '';
    return `${step}${this.#isCancelRequested ? ', cancelled' : ''}${ready}`;
  }

  #fail(failure: SandboxFailure): void {
    this.#failure ??= failure;
    this.#finish();
  }

  #finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#timer);
    const { stream, signal } = this.#options;
    signal?.removeEventListener('abort', this.#onAbort);
    stream.off('data', this.#onData);
    // The error listener stays: a late EPIPE must not become an uncaught exception.
    stream.destroy();
    this.#closeRunning(null);
    this.#resolve({
      steps: this.#done,
      end: this.#end,
      isCancelRequested: this.#isCancelRequested,
      isOutOfRoom: this.#isOutOfRoom,
      failure: this.#failure,
      readyAtMs: this.#readyAtMs,
    });
  }

  #arm(afterMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#onTimeout, afterMs);
  }

  #out(): FrameWriter {
    return (this.#writer ??= new FrameWriter());
  }

  #flush(): void {
    const { stream } = this.#options;
    const bytes = this.#writer?.take();
    this.#writer = null;
    if (bytes === undefined || bytes.length === 0 || !stream.writable) return;
    stream.write(bytes);
  }
}

/** PID 1 is given so long to be found dead after bytes that are no frame. */
const BROKEN_STREAM_MS = 1_000;

function unexpected(message: string): ProtocolError {
  return new ProtocolError('unexpected_frame', message);
}

/** Codes of the ERROR frame (`sandbox/supervisor/frame.h`). */
const ERROR_PROTOCOL = 1;
const ERROR_DEADLINE = 5;

function failureOfError(code: number, text: string, isReady: boolean): SandboxFailure {
  const message = `PID 1: ${text} (code ${code})`;
  if (code === ERROR_PROTOCOL) return { reason: 'protocol', message };
  if (code === ERROR_DEADLINE) return { reason: 'deadline', message };
  return { reason: isReady ? 'supervisor_lost' : 'launch_failed', message };
}
