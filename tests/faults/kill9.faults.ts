/** kill -9 of the whole server at random moments under load: no accepted job is lost, none ends twice, nothing is left. */
import { expect, test } from 'vitest';
import { killRounds } from '../support/kill-rounds.ts';

const ROUNDS = Number(process.env['RUNYARD_FAULT_ROUNDS'] ?? '50');

test(`${ROUNDS} kills`, async () => {
  const report = await killRounds(ROUNDS);
  process.stdout.write(
    `${ROUNDS} kills: ${report.accepted} jobs accepted, ${report.rerun} run again, ${report.givenUp} given up\n`,
  );
  expect(report.accepted).toBeGreaterThan(ROUNDS);
  // A job ends without an answer only when three kills in a row hit it while it ran.
  expect(report.givenUp).toBeLessThanOrEqual(1 + ROUNDS / 25);
});
