/** Longest text of an error in a log line, in bytes of UTF-8. */
export const MAX_ERROR_TEXT_BYTES = 512;

/** The text, or as many whole characters of it as fit, and an ellipsis. */
export function cutText(text: string, maxBytes: number = MAX_ERROR_TEXT_BYTES): string {
  if (Buffer.byteLength(text) <= maxBytes) return text;
  const kept = Buffer.from(text.slice(0, maxBytes));
  let end = Math.min(maxBytes, kept.length);
  // A byte 10xxxxxx continues a character: step back to where one begins.
  while (end > 0 && ((kept[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return `${kept.toString('utf8', 0, end)}…`;
}
