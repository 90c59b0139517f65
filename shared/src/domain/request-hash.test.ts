import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalJson, requestHash } from './request-hash.ts';

test('the hash is the SHA-256 of the canonical text', () => {
  expect(canonicalJson({ b: [1, { d: null, c: 'ä"' }], a: undefined })).toBe('{"b":[1,{"c":"ä\\"","d":null}]}');
  // printf '{}' | sha256sum
  expect(requestHash({})).toBe('44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a');
});

test('the order of members does not count; everything else does', () => {
  expect(requestHash({ code: 'x', input: 'y' })).toBe(requestHash({ input: 'y', code: 'x' }));
  expect(requestHash({ code: 'x', input: undefined })).toBe(requestHash({ code: 'x' }));
  const different = [
    {},
    { a: null },
    { a: '' },
    { a: 0 },
    { a: '0' },
    { a: [] },
    { a: {} },
    { a: ['0'] },
    { b: '' },
    [],
  ];
  expect(new Set(different.map((value) => requestHash(value))).size).toBe(different.length);
});

test('any JSON value survives, with its members in any order', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const canonical = canonicalJson(value);
      expect(JSON.parse(canonical)).toEqual(JSON.parse(JSON.stringify(value)));
      expect(canonicalJson(reversed(value))).toBe(canonical);
    }),
  );
});

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([name, member]) => [name, reversed(member)]),
  );
}
