/** Grows by blocks and is put together once, so that a million one-byte pieces cost no million objects. */
export class ByteCollector {
  readonly #full: Buffer[] = [];
  #fullBytes = 0;
  #block: Buffer = EMPTY;
  #filled = 0;

  get length(): number {
    return this.#fullBytes + this.#filled;
  }

  append(data: Uint8Array): void {
    const taken = Math.min(data.length, this.#block.length - this.#filled);
    this.#block.set(data.subarray(0, taken), this.#filled);
    this.#filled += taken;
    if (taken === data.length) return;
    this.#closeBlock();
    const rest = data.subarray(taken);
    this.#block = Buffer.allocUnsafeSlow(
      Math.max(rest.length, Math.min(MAX_BLOCK_BYTES, this.#fullBytes + MIN_BLOCK_BYTES)),
    );
    this.#block.set(rest);
    this.#filled = rest.length;
  }

  /** Takes the last bytes back. */
  dropLast(bytes: number): void {
    const kept = this.bytes().subarray(0, Math.max(0, this.length - bytes));
    this.#full.length = 0;
    this.#fullBytes = 0;
    this.#block = kept;
    this.#filled = kept.length;
  }

  /** All of it; a view where one block holds everything. */
  bytes(): Buffer {
    const last = this.#block.subarray(0, this.#filled);
    return this.#full.length === 0 ? last : Buffer.concat([...this.#full, last], this.length);
  }

  #closeBlock(): void {
    if (this.#filled > 0) this.#full.push(this.#block.subarray(0, this.#filled));
    this.#fullBytes += this.#filled;
  }
}

const EMPTY = Buffer.alloc(0);
const MIN_BLOCK_BYTES = 256;
const MAX_BLOCK_BYTES = 1 << 20;
