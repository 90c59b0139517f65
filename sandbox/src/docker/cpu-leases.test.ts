import { expect, test } from 'vitest';
import { CpuLeases } from './cpu-leases.ts';

test("each CPU is one sandbox's at a time, and those without share", () => {
  const leases = new CpuLeases([2, 5]);
  expect([leases.take('a'), leases.take('b'), leases.take('c')]).toEqual([5, 2, null]);
  expect(leases.take('a')).toBe(5);
  leases.give('a');
  leases.give('a');
  expect([leases.take('c'), leases.take('d')]).toEqual([5, null]);
});

test('without CPUs nobody has one', () => {
  expect(new CpuLeases([]).take('a')).toBeNull();
});
