import { PROTOCOL_VERSION } from './constants.ts';
import { ProtocolError } from './protocol-error.ts';

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Reads the fields of one payload in order; anything that does not fit throws ProtocolError `bad_payload`. */
export class PayloadReader {
  readonly #payload: Buffer;
  #offset = 0;

  constructor(payload: Buffer) {
    this.#payload = payload;
  }

  u8(): number {
    return this.#payload.readUInt8(this.#advance(1));
  }

  u16(): number {
    return this.#payload.readUInt16LE(this.#advance(2));
  }

  u32(): number {
    return this.#payload.readUInt32LE(this.#advance(4));
  }

  u64(): number {
    const offset = this.#advance(8);
    const value = this.#payload.readUInt32LE(offset) + this.#payload.readUInt32LE(offset + 4) * 2 ** 32;
    if (!Number.isSafeInteger(value)) throw new ProtocolError('bad_payload', 'a number above 2^53');
    return value;
  }

  text(): string {
    const length = this.u32();
    const offset = this.#advance(length);
    return decodeUtf8(this.#payload.subarray(offset, offset + length));
  }

  /** A count that is too high fails at the first text that is not there, so it makes nobody allocate. */
  texts(): string[] {
    const texts: string[] = [];
    for (let left = this.u32(); left > 0; left -= 1) texts.push(this.text());
    return texts;
  }

  magic(expected: string): void {
    const offset = this.#advance(expected.length);
    const found = this.#payload.toString('latin1', offset, offset + expected.length);
    if (found !== expected) throw new ProtocolError('bad_payload', `no ${expected} where it belongs`);
  }

  magicAndVersion(expected: string): void {
    this.magic(expected);
    const version = this.u16();
    if (version !== PROTOCOL_VERSION) throw new ProtocolError('bad_payload', `protocol version ${version}`);
    this.zero16();
  }

  zero16(): void {
    if (this.u16() !== 0) throw new ProtocolError('bad_payload', 'a reserved field is not 0');
  }

  zero32(): void {
    if (this.u32() !== 0) throw new ProtocolError('bad_payload', 'a reserved field is not 0');
  }

  /** The text for a numbered field; numbers without a text are refused. */
  code<T extends string>(texts: readonly (T | null)[], number: number): T {
    const text = texts[number];
    if (text === undefined || text === null) throw new ProtocolError('bad_payload', `no meaning for code ${number}`);
    return text;
  }

  /** The rest of the payload, not copied. */
  rest(): Buffer {
    return this.#payload.subarray(this.#advance(this.#remaining()));
  }

  /** Nothing may be left over. */
  end(): void {
    if (this.#remaining() > 0) throw new ProtocolError('bad_payload', `${this.#remaining()} bytes left over`);
  }

  #remaining(): number {
    return this.#payload.length - this.#offset;
  }

  #advance(bytes: number): number {
    const offset = this.#offset;
    if (bytes > this.#payload.length - offset) throw new ProtocolError('bad_payload', 'too few bytes');
    this.#offset = offset + bytes;
    return offset;
  }
}

function decodeUtf8(bytes: Buffer): string {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    throw new ProtocolError('bad_payload', 'a text is not UTF-8');
  }
}
