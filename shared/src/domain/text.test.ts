import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeUtf8, firstCodePoints, preview } from './text.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

test.each([
  ['nothing', '', ''],
  ['short text', 'abc\n', 'abc\n'],
  ['a byte order mark', '\uFEFFabc', '\uFEFFabc'],
  ['500 characters', 'x'.repeat(500), 'x'.repeat(500)],
  ['501 characters', 'x'.repeat(501), 'x'.repeat(500)],
  ['characters of four bytes', '\u{1F600}'.repeat(501), '\u{1F600}'.repeat(500)],
  ['a mix', `${'ä'.repeat(499)}\u{1F600}z`, `${'ä'.repeat(499)}\u{1F600}`],
])('previews %s', (_name, text, expected) => {
  expect(preview(bytes(text))).toBe(expected);
});

test('what is no UTF-8 becomes replacement characters, one per broken sequence', () => {
  expect(preview(Uint8Array.of(0x61, 0xff, 0x62))).toBe('a\uFFFDb');
  expect(preview(Uint8Array.of(0xf0, 0x9f, 0x98))).toBe('\uFFFD');
  expect(preview(Uint8Array.of(0xc0, 0x80))).toBe('\uFFFD\uFFFD');
  expect(preview(Uint8Array.of(0xed, 0xa0, 0x80))).toBe('\uFFFD\uFFFD\uFFFD');
  expect(preview(Uint8Array.of(0x00, 0x1b, 0x5b))).toBe('\u0000\u001b[');
});

test('F19: of any bytes, the preview is the start of the whole decoded text', () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 8 }),
    fc.constantFrom('a', 'é', '€', '\u{1F600}', '\uFEFF').map(bytes),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), fc.integer({ min: 0, max: 40 }), (pieces, count) => {
      const body = Buffer.concat(pieces);
      const whole = Array.from(decodeUtf8(body));
      expect(preview(body, count)).toBe(whole.slice(0, count).join(''));
    }),
    { numRuns: 1000 },
  );
});

test('text cut at any byte loses at most the character that was cut', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.nat(), (text, at) => {
      const whole = bytes(text);
      const cut = whole.subarray(0, at % (whole.length + 1));
      const decoded = preview(cut, 10_000).replace(/\uFFFD+$/, '');
      expect(text.startsWith(decoded)).toBe(true);
      expect(bytes(decoded).length).toBeGreaterThan(cut.length - 4);
    }),
  );
});

test('code points are never split', () => {
  expect(firstCodePoints('\u{1F600}\u{1F600}', 1)).toBe('\u{1F600}');
  expect(firstCodePoints('a\u{1F600}b', 2)).toBe('a\u{1F600}');
  expect(firstCodePoints('abc', 0)).toBe('');
});
