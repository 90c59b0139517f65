import type { Duplex } from 'node:stream';
import type { EndFrame, Frame, HostFrame, SandboxFrame, StepExitFrame } from '../protocol/index.ts';
import { encodeFrame, FrameReader } from '../protocol/index.ts';

/** The sandbox's end of a stream: the script's words for what PID 1 and the launcher say, and what they heard. */
export class FakeSupervisor {
  readonly stream: Duplex;
  /** All frames from the host so far, in order. */
  readonly heard: Frame[] = [];
  chunksHeard = 0;
  readonly #waiting: { readonly type: Frame['type']; readonly resolve: (frame: Frame) => void }[] = [];
  #seen = 0;

  constructor(stream: Duplex) {
    this.stream = stream;
    const reader = new FrameReader((frame) => this.#hear(frame));
    stream.on('data', (chunk: Buffer) => {
      this.chunksHeard += 1;
      reader.push(chunk);
    });
    stream.on('error', () => undefined);
  }

  send(...frames: SandboxFrame[]): void {
    this.sendBytes(Buffer.concat(frames.map((frame) => encodeFrame(frame))));
  }

  sendBytes(bytes: Buffer): void {
    if (this.stream.writable) this.stream.write(bytes);
  }

  /** The next frame of the type that no call has returned yet; those before it are passed over. */
  next<T extends HostFrame['type']>(type: T): Promise<Extract<HostFrame, { type: T }>> {
    return new Promise((resolve) => {
      this.#waiting.push({ type, resolve: (frame) => resolve(frame as Extract<HostFrame, { type: T }>) });
      this.#deliver();
    });
  }

  /** HELLO, then READY once the host has said its own. */
  async greet(): Promise<void> {
    this.send({ type: 'helloSandbox' });
    await this.next('helloHost');
    this.send({ type: 'ready' });
  }

  exit(step: number, rest: Partial<StepExitFrame> = {}): void {
    this.send({ ...EXIT, ...rest, step });
  }

  /** The launcher's END, then the end of the stream. */
  end(rest: Partial<EndFrame> = {}): void {
    this.send({ ...END, ...rest });
    this.stream.end();
  }

  /** DONE and a good end. */
  finish(): void {
    this.send({ type: 'done' });
    this.end();
  }

  #hear(frame: Frame): void {
    this.heard.push(frame);
    this.#deliver();
  }

  #deliver(): void {
    for (let waiter = this.#waiting[0]; waiter !== undefined; waiter = this.#waiting[0]) {
      const frame = this.heard[this.#seen];
      if (frame === undefined) return;
      this.#seen += 1;
      if (frame.type !== waiter.type) continue;
      this.#waiting.shift();
      waiter.resolve(frame);
    }
  }
}

const EXIT: StepExitFrame = {
  type: 'stepExit',
  step: 0,
  kind: 'exited',
  killReason: 'none',
  memorySource: 'cgroup',
  artifactError: 'none',
  value: 0,
  wallUs: 3000,
  cpuUs: 2000,
  memoryPeakBytes: 1_000_000,
  oomKills: 0,
  stdoutBytes: 0,
  stderrBytes: 0,
  processesPeak: 1,
  isTruncated: false,
  artifactCount: 0,
  artifactBytes: 0,
};

const END: EndFrame = {
  type: 'end',
  waitStatus: 0,
  oomKills: 0,
  memoryPeakBytes: 2_000_000,
  cpuUs: 5000,
  pidsPeak: 2,
  cause: 'self',
};
