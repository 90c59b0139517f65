const FIRST_MS = 200;
const LONGEST_MS = 10_000;

/**
 * Pause after the n-th failure in a row (n from 1): 0.1 s to 10 s, doubling, between half and all of it. `random` in [0, 1)
 * spreads those who failed together.
 */
export function backOffMs(failuresInARow: number, random: number): number {
  const most = Math.min(LONGEST_MS, FIRST_MS * 2 ** (Math.max(failuresInARow, 1) - 1));
  return Math.round(most * (0.5 + random / 2));
}
