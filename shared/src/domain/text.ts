/** How much of a stream a job record keeps, in code points (system S1's preview length). */
export const PREVIEW_CODE_POINTS = 500;

/** Longest UTF-8 sequence; also more than any run of bytes that decodes to one U+FFFD. */
const MAX_BYTES_PER_CODE_POINT = 4;

// A byte order mark is part of what the program wrote, so it stays.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Any bytes as text: what is no UTF-8 becomes U+FFFD. Decode a whole stream once; pieces would break characters at their borders. */
export function decodeUtf8(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** The first code points of a stream, none of them cut. Reads no more of `bytes` than it needs. */
export function preview(bytes: Uint8Array, maxCodePoints: number = PREVIEW_CODE_POINTS): string {
  return firstCodePoints(decodeUtf8(bytes.subarray(0, maxCodePoints * MAX_BYTES_PER_CODE_POINT)), maxCodePoints);
}

export function firstCodePoints(text: string, maxCodePoints: number): string {
  if (text.length <= maxCodePoints) return text;
  let end = 0;
  for (let count = 0; count < maxCodePoints && end < text.length; count += 1) {
    end += (text.codePointAt(end) ?? 0) > 0xffff ? 2 : 1;
  }
  return text.slice(0, end);
}
