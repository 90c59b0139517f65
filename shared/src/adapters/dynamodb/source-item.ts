import { promisify } from 'node:util';
import { deflateRaw, inflateRaw } from 'node:zlib';
import type { JobSource } from '../../domain/index.ts';

/**
 * The body of a source item: with key, token and expiry it stays within 8 KiB, 8 write units, which is what putting an object costs
 * as well.
 */
export const MAX_ITEM_BODY_BYTES = 8 * 1024 - 192;
/** A smaller text pays one write unit either way. */
const MIN_DEFLATED_BYTES = 900;
/** Programs shrink to a third or a fourth; a text beyond this would have to shrink to a sixteenth to fit. */
const MAX_DEFLATED_BYTES = 16 * MAX_ITEM_BODY_BYTES;
const MAX_INFLATED_BYTES = 16 * 1024 * 1024;

const deflate = promisify(deflateRaw);
const inflate = promisify(inflateRaw);

export interface EncodedSource {
  readonly bytes: Uint8Array;
  readonly isDeflated: boolean;
}

/** JSON, which carries every character, deflated where that makes it fit or cheaper. */
export async function encodeSource(source: JobSource): Promise<EncodedSource> {
  const { code, input, inputEncoding, args, env } = source;
  const plain = { bytes: Buffer.from(JSON.stringify({ code, input, inputEncoding, args, env })), isDeflated: false };
  const { length } = plain.bytes;
  if (length < MIN_DEFLATED_BYTES || length > MAX_DEFLATED_BYTES) return plain;
  const bytes = await deflate(plain.bytes);
  return bytes.length < length ? { bytes, isDeflated: true } : plain;
}

export async function decodeSource({ bytes, isDeflated }: EncodedSource): Promise<JobSource> {
  const json = isDeflated ? await inflate(bytes, { maxOutputLength: MAX_INFLATED_BYTES }) : Buffer.from(bytes);
  return JSON.parse(json.toString('utf8')) as JobSource;
}
