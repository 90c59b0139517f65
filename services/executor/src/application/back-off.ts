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

const REDELIVERY_FIRST_MS = 1_000;
const REDELIVERY_LONGEST_MS = 60_000;

/**
 * Until a message comes back whose job could not be looked at, after its n-th receive (n from 1): 1 s to 60 s, doubling. Receives are
 * counted, and after ten a message is a dead letter: with pauses of 1 s a store that takes no writes for 15 s would make it one.
 */
export function redeliveryPauseMs(receiveCount: number): number {
  return Math.min(REDELIVERY_LONGEST_MS, REDELIVERY_FIRST_MS * 2 ** (Math.max(receiveCount, 1) - 1));
}
