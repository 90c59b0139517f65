import { HEADER_BYTES } from '../protocol/index.ts';

/** Follows a stream of frames by their lengths alone, to know where one of ours may stand between them. */
export class FrameBoundary {
  readonly #length = Buffer.alloc(4);
  #headerBytes = 0;
  #payloadLeft = 0;

  /** No frame is half sent. */
  get isBetweenFrames(): boolean {
    return this.#headerBytes === 0 && this.#payloadLeft === 0;
  }

  push(chunk: Buffer): void {
    let offset = 0;
    while (offset < chunk.length) {
      if (this.#payloadLeft > 0) {
        const taken = Math.min(this.#payloadLeft, chunk.length - offset);
        this.#payloadLeft -= taken;
        offset += taken;
      } else offset += this.#pushHeader(chunk, offset);
    }
  }

  #pushHeader(chunk: Buffer, offset: number): number {
    const taken = Math.min(HEADER_BYTES - this.#headerBytes, chunk.length - offset);
    if (this.#headerBytes < this.#length.length) chunk.copy(this.#length, this.#headerBytes, offset, offset + taken);
    this.#headerBytes += taken;
    if (this.#headerBytes === HEADER_BYTES) {
      this.#headerBytes = 0;
      this.#payloadLeft = this.#length.readUInt32LE(0);
    }
    return taken;
  }
}
