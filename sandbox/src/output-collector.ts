import { ByteCollector } from './byte-collector.ts';
import type { StepOutput } from './report.ts';

export type OutputStream = 'stdout' | 'stderr';

/**
 * Keeps what a step printed: both streams in order of arrival, and each alone. Most programs use one stream only; then
 * nothing is kept twice. The bound is PID 1's and the session's (`outputBytes`), not this class's.
 */
export class OutputCollector {
  readonly #combined = new ByteCollector();
  /** The one stream seen so far; `#streams` is filled from the moment there is a second. */
  #only: OutputStream | null = null;
  #streams: Record<OutputStream, ByteCollector> | null = null;
  #last: OutputStream = 'stdout';

  get length(): number {
    return this.#combined.length;
  }

  append(stream: OutputStream, data: Uint8Array): void {
    this.#only ??= stream;
    this.#last = stream;
    if (this.#streams === null && stream !== this.#only) {
      this.#streams = { stdout: new ByteCollector(), stderr: new ByteCollector() };
      this.#streams[this.#only].append(this.#combined.bytes());
    }
    this.#streams?.[stream].append(data);
    this.#combined.append(data);
  }

  /** Takes back the last bytes of the last piece: they were not the program's. */
  dropLast(bytes: number): void {
    this.#combined.dropLast(bytes);
    this.#streams?.[this.#last].dropLast(bytes);
  }

  finish(truncated: boolean): StepOutput {
    const combined = this.#combined.bytes();
    const alone = (stream: OutputStream): Buffer =>
      this.#streams?.[stream].bytes() ?? (stream === this.#only ? combined : combined.subarray(0, 0));
    return { combined, stdout: alone('stdout'), stderr: alone('stderr'), truncated };
  }
}
