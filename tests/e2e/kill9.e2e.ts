/** The short form of `tests/faults/kill9.faults.ts`. */
import { expect, test } from 'vitest';
import { killRounds } from '../support/kill-rounds.ts';

test('five kills under load lose nothing and leave nothing', async () => {
  const report = await killRounds(5);
  expect(report.accepted).toBeGreaterThan(20);
  expect(report.givenUp).toBeLessThanOrEqual(2);
});
