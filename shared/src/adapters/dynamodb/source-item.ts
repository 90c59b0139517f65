import { promisify } from 'node:util';
import { deflateRaw, inflateRaw } from 'node:zlib';
import type { JobSource } from '../../domain/index.ts';

/**
 * The body of a source item: with key, token and expiry it stays within 8 KiB, 8 write units, which is what putting an object costs
 * as well.
 */
const MAX_ITEM_BODY_BYTES = 8 * 1024 - 192;
/** A smaller text pays one write unit either way. */
const MIN_DEFLATED_BYTES = 900;
/** Programs shrink to a third or a fourth; a text beyond this would have to shrink to a sixteenth to fit. */
const MAX_DEFLATED_BYTES = 16 * MAX_ITEM_BODY_BYTES;
const MAX_INFLATED_BYTES = 16 * 1024 * 1024;

const deflate = promisify(deflateRaw);
const inflate = promisify(inflateRaw);

export interface SourceBody {
  readonly bytes: Uint8Array;
  readonly isDeflated: boolean;
}

/** JSON, which carries every character; for an item deflated where that makes it fit or cheaper. `item` is null when it does not fit. */
export async function encodeSource(
  source: JobSource,
): Promise<{ readonly object: Uint8Array; readonly item: SourceBody | null }> {
  const { code, input, inputEncoding, args, env } = source;
  const object = Buffer.from(JSON.stringify({ code, input, inputEncoding, args, env }));
  const body = await shortest(object);
  return { object, item: body.bytes.length <= MAX_ITEM_BODY_BYTES ? body : null };
}

async function shortest(plain: Buffer): Promise<SourceBody> {
  const { length } = plain;
  if (length >= MIN_DEFLATED_BYTES && length <= MAX_DEFLATED_BYTES) {
    const bytes = await deflate(plain);
    if (bytes.length < length) return { bytes, isDeflated: true };
  }
  return { bytes: plain, isDeflated: false };
}

export async function decodeSource({ bytes, isDeflated }: SourceBody): Promise<JobSource> {
  const json = isDeflated ? await inflate(bytes, { maxOutputLength: MAX_INFLATED_BYTES }) : Buffer.from(bytes);
  return JSON.parse(json.toString('utf8')) as JobSource;
}
