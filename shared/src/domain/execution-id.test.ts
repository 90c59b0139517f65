import fc from 'fast-check';
import { validate, version } from 'uuid';
import { describe, expect, test } from 'vitest';
import { cellOf, isExecutionId, keyedExecutionId, newExecutionId } from './execution-id.ts';

const SECRET = Buffer.alloc(32, 1);
const cells = fc.integer({ min: 0, max: 255 });

test('new ids are v7 UUIDs, carry their cell and sort by time', () => {
  fc.assert(
    fc.property(cells, (cell) => {
      const id = newExecutionId(cell);
      expect([validate(id), version(id), isExecutionId(id), cellOf(id)]).toEqual([true, 7, true, cell]);
    }),
  );
  const ids = Array.from({ length: 2000 }, () => newExecutionId(3));
  expect([...ids].sort()).toEqual(ids);
  expect(new Set(ids).size).toBe(2000);
});

describe('keyed ids', () => {
  test('are v8 UUIDs that carry their cell, the same for the same owner and key', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), cells, (ownerId, key, cell) => {
        const id = keyedExecutionId(SECRET, { ownerId, key, cell });
        expect([validate(id), version(id), isExecutionId(id), cellOf(id)]).toEqual([true, 8, true, cell]);
        expect(keyedExecutionId(SECRET, { ownerId, key, cell, generation: 0 })).toBe(id);
      }),
    );
  });

  test('differ by owner, key, generation and secret, whatever the border between them', () => {
    const base = { ownerId: 'a', key: 'bc', cell: 0 };
    const ids = [
      keyedExecutionId(SECRET, base),
      keyedExecutionId(SECRET, { ...base, ownerId: 'ab', key: 'c' }),
      keyedExecutionId(SECRET, { ...base, key: 'bd' }),
      keyedExecutionId(SECRET, { ...base, ownerId: 'a","b', key: 'c' }),
      keyedExecutionId(SECRET, { ...base, generation: 1 }),
      keyedExecutionId(Buffer.alloc(32, 2), base),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('never change: a stored key must find its job after an update', () => {
    // Computed apart, from HMAC-SHA256 over ["anonymous","k1",0].
    expect(keyedExecutionId(SECRET, { ownerId: 'anonymous', key: 'k1', cell: 5 })).toBe(
      '599abb3f-9471-8c4a-a2ab-1087d3578e05',
    );
  });
});

test.each([
  '',
  'x',
  '01890000-0000-7000-8000-00000000000',
  '01890000-0000-7000-8000-0000000000000',
  '01890000-0000-4000-8000-000000000000',
  '01890000-0000-7000-c000-000000000000',
  '01890000-0000-7000-8000-00000000000G',
  '01890000-0000-7000-8000-00000000000A',
  '01890000-0000-7000-8000-000000000000\n',
  '../../etc/passwd',
])('%j is no id', (text) => {
  expect(isExecutionId(text)).toBe(false);
});
