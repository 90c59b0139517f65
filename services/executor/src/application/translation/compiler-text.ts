import { decodeUtf8 } from '@runyard/shared/domain';

/** `bytes` as text whose UTF-8 form takes at most `maxBytes`: a byte that is no UTF-8 becomes U+FFFD, which takes three. */
export function textWithin(bytes: Uint8Array, maxBytes: number): { text: string; isCut: boolean } {
  const text = decodeUtf8(bytes);
  let end = 0;
  let usedBytes = 0;
  while (end < text.length) {
    const codePoint = text.codePointAt(end) ?? 0;
    usedBytes += utf8Length(codePoint);
    if (usedBytes > maxBytes) return { text: text.slice(0, end), isCut: true };
    end += codePoint > 0xffff ? 2 : 1;
  }
  return { text, isCut: false };
}

function utf8Length(codePoint: number): number {
  if (codePoint < 0x80) return 1;
  if (codePoint < 0x800) return 2;
  return codePoint < 0x10000 ? 3 : 4;
}
