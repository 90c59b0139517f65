import { HEADER_BYTES, MAX_PAYLOAD_BYTES } from './constants.ts';

/**
 * Appends frames to one growing buffer, so that everything that is known at one moment leaves in one write.
 * Values outside their range throw RangeError: they are the caller's mistake, found before anything is sent.
 */
export class FrameWriter {
  #buffer: Buffer;
  #length = 0;
  #frameStart = 0;

  constructor(initialBytes = 1024) {
    this.#buffer = Buffer.allocUnsafe(initialBytes);
  }

  begin(type: number, step: number, flags: number): void {
    this.#frameStart = this.#length;
    this.#reserve(HEADER_BYTES);
    this.#buffer[this.#length + 4] = type;
    this.#buffer[this.#length + 5] = step;
    this.#buffer.writeUInt16LE(flags, this.#length + 6);
    this.#length += HEADER_BYTES;
  }

  end(): void {
    const payloadBytes = this.#length - this.#frameStart - HEADER_BYTES;
    if (payloadBytes > MAX_PAYLOAD_BYTES) {
      this.#length = this.#frameStart;
      throw new RangeError(`a frame of ${payloadBytes} bytes is above the maximum of ${MAX_PAYLOAD_BYTES}`);
    }
    this.#buffer.writeUInt32LE(payloadBytes, this.#frameStart);
  }

  u8(value: number): void {
    this.#reserve(1);
    this.#length = this.#buffer.writeUInt8(value, this.#length);
  }

  u16(value: number): void {
    this.#reserve(2);
    this.#length = this.#buffer.writeUInt16LE(value, this.#length);
  }

  u32(value: number): void {
    this.#reserve(4);
    this.#length = this.#buffer.writeUInt32LE(value, this.#length);
  }

  u64(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${value} is not a number of bytes or time`);
    this.#reserve(8);
    this.#buffer.writeUInt32LE(value % 2 ** 32, this.#length);
    this.#length = this.#buffer.writeUInt32LE(Math.floor(value / 2 ** 32), this.#length + 4);
  }

  /** A `bytes` field: length and UTF-8. */
  text(value: string): void {
    const byteLength = Buffer.byteLength(value);
    this.u32(byteLength);
    this.#reserve(byteLength);
    this.#length += this.#buffer.write(value, this.#length);
  }

  texts(values: readonly string[]): void {
    this.u32(values.length);
    for (const value of values) this.text(value);
  }

  magic(value: string): void {
    this.#reserve(value.length);
    this.#length += this.#buffer.write(value, this.#length, 'latin1');
  }

  /** A `data` field: the rest of the payload. */
  data(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#buffer.set(value, this.#length);
    this.#length += value.length;
  }

  /** What was written, without a copy; the writer must not be used afterwards. */
  take(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}
