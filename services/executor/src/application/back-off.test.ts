import { expect, test } from 'vitest';
import { backOffMs } from './back-off.ts';

test('doubles from a tenth of a second to ten seconds, spread over the upper half', () => {
  expect([1, 2, 3, 4].map((n) => backOffMs(n, 0))).toEqual([100, 200, 400, 800]);
  expect([1, 2, 7, 8, 1000].map((n) => backOffMs(n, 1))).toEqual([200, 400, 10_000, 10_000, 10_000]);
  expect(backOffMs(1000, 0)).toBe(5_000);
});
