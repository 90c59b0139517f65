import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scanJson, toPointer } from './scan-json.ts';

const BOUNDS = { maxDepth: 32, maxValues: 20_000 };

function scan(text: string, bounds = BOUNDS) {
  return scanJson(Buffer.from(text), bounds);
}

describe('scanJson', () => {
  it.each([
    ['{"a":1,"a":2}', { kind: 'duplicate_key', pointer: '/a' }],
    [String.raw`{"a":1,"\u0061":2}`, { kind: 'duplicate_key', pointer: '/a' }],
    [
      '{"limits":{"compile":{"wallTimeMs":1,"wallTimeMs":2}}}',
      { kind: 'duplicate_key', pointer: '/limits/compile/wallTimeMs' },
    ],
    ['{"args":["x",{"b":1,"b":1}]}', { kind: 'duplicate_key', pointer: '/args/1/b' }],
    ['{"a/b~c":1,"a/b~c":1}', { kind: 'duplicate_key', pointer: '/a~1b~0c' }],
    ['{"":1,"":2}', { kind: 'duplicate_key', pointer: '/' }],
    ['{"é":1,"\\u00e9":2}', { kind: 'duplicate_key', pointer: '/é' }],
    ['{"__proto__":{"admin":true}}', { kind: 'forbidden_key', pointer: '/__proto__' }],
    [String.raw`{"env":{"\u005f_proto__":"x"}}`, { kind: 'forbidden_key', pointer: '/env/__proto__' }],
    ['{"metadata":{"constructor":{"prototype":{}}}}', { kind: 'forbidden_key', pointer: '/metadata/constructor' }],
  ])('refuses %s', (text, fault) => {
    expect(scan(text)).toEqual(fault);
  });

  it.each([
    '{}',
    '[]',
    'null',
    '"__proto__"',
    '{"a":"__proto__","b":"constructor"}',
    '["a","a","a"]',
    '{"a":{"a":{"a":"a"}},"b":{"a":1}}',
    '[{"a":1},{"a":1}]',
    String.raw`{"a":"\"b\":1,\"b\":2","b":"\\"}`,
    String.raw`{"a":"{\"b\":","b":"[[[["}`,
    ' {\n "a" : 1 ,\t"b" : [ { "a" : 1 } , 2 ] }\r\n',
  ])('passes %s', (text) => {
    expect(scan(text)).toBeNull();
  });

  it('F19: counts depth from the outermost value and stops at the first level too many', () => {
    expect(scan('['.repeat(32) + ']'.repeat(32))).toBeNull();
    expect(scan('['.repeat(33))).toEqual({ kind: 'too_deep', pointer: '/0'.repeat(32) });
    expect(scan('['.repeat(1_000_000))?.kind).toBe('too_deep');
    expect(scan('{"a":'.repeat(33))).toEqual({ kind: 'too_deep', pointer: '/a'.repeat(32) });
    expect(scan('[' + '[],'.repeat(100) + '[]]')).toBeNull();
  });

  it('bounds the number of values', () => {
    const keys = Array.from({ length: 1_000_000 }, (_, index) => `"k${index}":0`).join(',');
    expect(scan(`{${keys}}`)?.kind).toBe('too_many_values');
    expect(scan(`[${'0,'.repeat(19_000)}0]`)).toBeNull();
    expect(scan(`[${'0,'.repeat(21_000)}0]`)?.kind).toBe('too_many_values');
  });

  it('never throws, whatever the bytes', () => {
    const soup = fc.string({
      unit: fc.constantFrom('{', '}', '[', ']', ':', ',', '"', '\\', 'u', 'a', '0', '1', ' '),
      maxLength: 60,
    });
    fc.assert(
      fc.property(soup, (text) => {
        const fault = scan(text, { maxDepth: 4, maxValues: 10 });
        expect(fault?.kind ?? 'passed').toMatch(/^(passed|too_deep|too_many_values|duplicate_key|forbidden_key)$/);
      }),
      { numRuns: 3000 },
    );
  });

  it('finds exactly the documents with a repeated key', () => {
    fc.assert(
      fc.property(document(4), ({ text, hasDuplicate }) => {
        expect(() => JSON.parse(text) as unknown).not.toThrow();
        expect(scan(text)?.kind ?? null).toBe(hasDuplicate ? 'duplicate_key' : null);
      }),
      { numRuns: 2000 },
    );
  });

  it('lets every document of JSON.stringify pass', () => {
    fc.assert(
      fc.property(
        fc.jsonValue({ maxDepth: 6 }).filter(hasOnlyAllowedKeys),
        fc.integer({ min: 0, max: 3 }),
        (value, indent) => {
          expect(scan(JSON.stringify(value, null, indent))).toBeNull();
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe('toPointer', () => {
  it('escapes as RFC 6901 says', () => {
    expect(toPointer([])).toBe('');
    expect(toPointer(['a/b', 0, 'm~n'])).toBe('/a~1b/0/m~0n');
  });
});

function hasOnlyAllowedKeys(value: unknown) {
  return !/__proto__|constructor/.test(JSON.stringify(value));
}

interface Written {
  readonly text: string;
  readonly hasDuplicate: boolean;
}

/** Documents written by hand, so that keys repeat and are spelt in several ways. */
function document(depth: number): fc.Arbitrary<Written> {
  const scalar = fc
    .constantFrom('1', 'null', '"a"', '"\\""', '"\\\\"', '"{\\"a\\":1,\\"a\\":2}"', '"]},"', '-0.5e3', 'true')
    .map((text) => ({ text, hasDuplicate: false }));
  if (depth === 0) return scalar;
  const space = fc.constantFrom('', ' ', '\n\t');
  const inner = document(depth - 1);
  const array = fc.tuple(fc.array(inner, { maxLength: 4 }), space).map(([items, gap]) => ({
    text: `[${gap}${items.map((item) => item.text).join(`${gap},${gap}`)}${gap}]`,
    hasDuplicate: items.some((item) => item.hasDuplicate),
  }));
  const key = fc.constantFrom(
    { text: '"a"', name: 'a' },
    { text: '"\\u0061"', name: 'a' },
    { text: '"b"', name: 'b' },
    { text: '"\\""', name: '"' },
    { text: '"a\\\\"', name: 'a\\' },
    { text: '"c:,{"', name: 'c:,{' },
    { text: '"é"', name: 'é' },
  );
  const object = fc.tuple(fc.array(fc.tuple(key, inner), { maxLength: 4 }), space).map(([members, gap]) => ({
    text: `{${gap}${members.map(([name, value]) => `${name.text}${gap}:${gap}${value.text}`).join(`${gap},${gap}`)}${gap}}`,
    hasDuplicate:
      new Set(members.map(([name]) => name.name)).size !== members.length ||
      members.some(([, value]) => value.hasDuplicate),
  }));
  return fc.oneof(scalar, array, object);
}
