/** Largest payload that the engine announces for one chunk of a program's output; more is a broken stream. */
const MAX_CHUNK_BYTES = 1024 * 1024;
const HEADER_BYTES = 8;
const STDOUT = 1;
const STDERR = 2;

/**
 * Takes apart the engine's attach stream: 8-byte headers (u8 stream, 3 × 0, u32 big endian length), then payload, under any
 * chunking. Payload is handed on as it comes; nothing is collected.
 */
export class Demultiplexer {
  readonly #onStdout: (data: Buffer) => void;
  readonly #onStderr: (data: Buffer) => void;
  #header: Buffer = Buffer.alloc(0);
  #stream = 0;
  #payloadLeft = 0;

  constructor(on: { stdout: (data: Buffer) => void; stderr: (data: Buffer) => void }) {
    this.#onStdout = on.stdout;
    this.#onStderr = on.stderr;
  }

  /** Throws Error when the bytes are no attach stream. */
  push(chunk: Buffer): void {
    let rest = chunk;
    while (rest.length > 0) {
      rest = this.#payloadLeft > 0 ? this.#takePayload(rest) : this.#takeHeader(rest);
    }
  }

  #takePayload(chunk: Buffer): Buffer {
    const data = chunk.subarray(0, this.#payloadLeft);
    this.#payloadLeft -= data.length;
    if (this.#stream === STDOUT) this.#onStdout(data);
    else this.#onStderr(data);
    return chunk.subarray(data.length);
  }

  #takeHeader(chunk: Buffer): Buffer {
    const taken = chunk.subarray(0, HEADER_BYTES - this.#header.length);
    this.#header = this.#header.length === 0 ? taken : Buffer.concat([this.#header, taken]);
    if (this.#header.length === HEADER_BYTES) {
      this.#stream = this.#header.readUInt8(0);
      this.#payloadLeft = this.#header.readUInt32BE(4);
      this.#header = Buffer.alloc(0);
      const isKnown = this.#stream === STDOUT || this.#stream === STDERR;
      if (!isKnown || this.#payloadLeft > MAX_CHUNK_BYTES) throw new Error('the attach stream has a broken header');
    }
    return chunk.subarray(taken.length);
  }
}
