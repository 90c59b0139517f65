import { setTimeout as sleep } from 'node:timers/promises';

/** Waits between tries of storing a result that is already in hand: about 12 s in all, well inside a lease. */
const STORE_DELAYS_MS = [100, 400, 1_600, 5_000, 5_000] as const;

/** Runs `operation` again while it throws. Throws its last error, or the abort reason when `signal` aborts meanwhile. */
export async function retrying<T>(
  operation: () => Promise<T>,
  { signal, delaysMs = STORE_DELAYS_MS }: { signal: AbortSignal; delaysMs?: readonly number[] },
): Promise<T> {
  for (const delayMs of delaysMs) {
    try {
      return await operation();
    } catch (error) {
      if (signal.aborted) throw error;
      await sleep(delayMs, undefined, { signal });
    }
  }
  return operation();
}
