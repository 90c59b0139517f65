import { expect, test } from 'vitest';
import { backOffMs } from './back-off.ts';

test('grows from a tenth of a second to ten seconds, anywhere below its bound', () => {
  expect([1, 2, 3, 4, 5, 6, 7, 8].map((failures) => backOffMs(failures, 1))).toEqual([
    200, 400, 800, 1600, 3200, 6400, 10_000, 10_000,
  ]);
  expect([1, 8, 1e9].map((failures) => backOffMs(failures, 0))).toEqual([100, 100, 100]);
  expect(backOffMs(1e9, 0.5)).toBe(5050);
});
