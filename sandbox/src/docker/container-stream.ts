import { Duplex } from 'node:stream';
import { Demultiplexer } from './demultiplexer.ts';

/**
 * The byte stream to PID 1 inside a container: the attach socket taken apart, with the END frame as its last bytes.
 *
 * The socket is never paused: a client that stops reading freezes the engine's whole API for that container (finding F1).
 * What arrives is bounded anyway, because PID 1 forwards at most the output cap of each step.
 */
export class ContainerStream extends Duplex {
  readonly #socket: Duplex;
  readonly #demultiplexer: Demultiplexer;
  readonly #makeEnd: () => Promise<Buffer>;
  #isEnding = false;

  constructor(socket: Duplex, options: { onDiagnostics: (text: Buffer) => void; makeEnd: () => Promise<Buffer> }) {
    super({ allowHalfOpen: true });
    this.#socket = socket;
    this.#makeEnd = options.makeEnd;
    this.#demultiplexer = new Demultiplexer({
      stdout: (data) => void this.push(data),
      stderr: options.onDiagnostics,
    });
    // First of all: a program that ends without reading its stdin gives EPIPE here (finding F14).
    socket.on('error', () => this.finish());
    socket.on('end', () => this.finish());
    socket.on('close', () => this.finish());
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
  }

  /** Appends END and ends the readable side. "Stream ended" never means "program ended": END says what is known. */
  finish(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#makeEnd().then(
      (end) => {
        this.push(end);
        this.push(null);
      },
      (error: unknown) => this.destroy(error instanceof Error ? error : new Error(String(error))),
    );
  }

  #receive(chunk: Buffer): void {
    if (this.#isEnding) return;
    try {
      this.#demultiplexer.push(chunk);
    } catch (error) {
      this.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  }

  override _read(): void {
    // Data is pushed as it arrives.
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    // A dead PID 1 is told by END, not by a failed write.
    if (this.#socket.destroyed || this.#socket.writableEnded) done();
    else this.#socket.write(chunk, encoding, () => done());
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#socket.end();
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#isEnding = true;
    this.#socket.destroy();
    done(error);
  }
}
