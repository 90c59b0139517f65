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
  if (first === '') {
    const length = Math.min(Number(last), sizeBytes);
    return length === 0 ? 'unsatisfiable' : { offset: sizeBytes - length, length };
  }
  const offset = Number(first);
  const end = last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1);
  if (last !== '' && Number(last) < offset) return null;
  return offset >= sizeBytes ? 'unsatisfiable' : { offset, length: end - offset + 1 };
}
