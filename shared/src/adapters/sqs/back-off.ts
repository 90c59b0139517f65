const FIRST_MS = 100;
const LONGEST_MS = 10_000;

/**
 * How long to wait after the n-th failure in a row, n from 1: somewhere below a bound that doubles each time, so that many who
 * failed together do not come back together. `random` is from 0 to 1.
 */
export function backOffMs(failures: number, random: number): number {
  const boundMs = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures, 20));
  return Math.round(FIRST_MS + (boundMs - FIRST_MS) * random);
}
