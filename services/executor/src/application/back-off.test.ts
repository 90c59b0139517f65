import { expect, test } from 'vitest';
import { backOffMs, redeliveryPauseMs } from './back-off.ts';

test('doubles from a tenth of a second to ten seconds, spread over the upper half', () => {
  expect([1, 2, 3, 4].map((n) => backOffMs(n, 0))).toEqual([100, 200, 400, 800]);
  expect([1, 2, 7, 8, 1000].map((n) => backOffMs(n, 1))).toEqual([200, 400, 10_000, 10_000, 10_000]);
  expect(backOffMs(1000, 0)).toBe(5_000);
});

test('a message that cannot be worked on lasts four minutes before it counts as poison', () => {
  const pauses = Array.from({ length: 9 }, (_, index) => redeliveryPauseMs(index + 1));
  expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  expect(pauses.reduce((sum, pauseMs) => sum + pauseMs)).toBe(243_000);
});
