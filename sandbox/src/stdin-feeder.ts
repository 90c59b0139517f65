import type { FrameWriter } from './protocol/index.ts';
import { IMPLIED_STDIN_CREDIT_BYTES, MAX_PAYLOAD_BYTES, writeFrame } from './protocol/index.ts';

/** Hands a step its stdin as far as PID 1 gives credit, so that a program that never reads cannot block the stream. */
export class StdinFeeder {
  readonly #step: number;
  #rest: Uint8Array;
  #creditBytes = IMPLIED_STDIN_CREDIT_BYTES;
  #isEnded = false;

  constructor(step: number, stdin: Uint8Array) {
    this.#step = step;
    this.#rest = stdin;
  }

  addCredit(bytes: number): void {
    this.#creditBytes += bytes;
  }

  /** The program takes no more: nothing is sent from now on. */
  close(): void {
    this.#isEnded = true;
  }

  /** Appends what may be sent now. */
  write(writer: FrameWriter): void {
    while (!this.#isEnded) {
      if (this.#rest.length === 0) {
        writeFrame(writer, { type: 'stdinEnd', step: this.#step });
        this.#isEnded = true;
        return;
      }
      const bytes = Math.min(this.#rest.length, this.#creditBytes, MAX_PAYLOAD_BYTES);
      if (bytes === 0) return;
      writeFrame(writer, { type: 'stdin', step: this.#step, data: this.#rest.subarray(0, bytes) });
      this.#creditBytes -= bytes;
      this.#rest = this.#rest.subarray(bytes);
    }
  }
}
