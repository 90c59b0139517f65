export interface ByteRange {
  readonly offset: number;
  /** At least 1. */
  readonly length: number;
}

/**
 * One byte range of RFC 9110. Null: send all (no header, several ranges, another unit or no valid syntax, all of which a
 * server may ignore).
 */
export function parseRange(header: string | undefined, sizeBytes: number): ByteRange | 'unsatisfiable' | null {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '');
  if (!match) return null;
  const [first = '', last = ''] = match.slice(1);
  if (first === '' && last === '') return null;
  return first === '' ? lastBytes(Number(last), sizeBytes) : fromOffset(Number(first), last, sizeBytes);
}

function lastBytes(wanted: number, sizeBytes: number): ByteRange | 'unsatisfiable' {
  const length = Math.min(wanted, sizeBytes);
  return length === 0 ? 'unsatisfiable' : { offset: sizeBytes - length, length };
}

function fromOffset(offset: number, last: string, sizeBytes: number): ByteRange | 'unsatisfiable' | null {
  const lastOffset = last === '' ? sizeBytes - 1 : Number(last);
  if (last !== '' && lastOffset < offset) return null;
  if (offset >= sizeBytes) return 'unsatisfiable';
  return { offset, length: Math.min(lastOffset, sizeBytes - 1) - offset + 1 };
}
