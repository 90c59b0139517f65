import { setTimeout as sleep } from 'node:timers/promises';
import type { Readable } from 'node:stream';
import type { ReaperService } from './reaper-service.ts';

const POLL_MS = 1_000;
/** Longer than any job may take; what is left then is for the next start. */
const LONGEST_MS = 60 * 60_000;
/** Epoch seconds of the engine are cut off, and its clock may differ a little. */
const CLOCK_TOLERANCE_MS = 2_000;

/**
 * Resolves when the other end of the stream is closed, however its process ended: `stopped` when it said something before,
 * as a server does that has removed its containers itself; else `died`.
 */
export function lifelineEnded(stream: Readable): Promise<'stopped' | 'died'> {
  return new Promise((resolve) => {
    let hasSpoken = false;
    const end = (): void => resolve(hasSpoken ? 'stopped' : 'died');
    stream.on('data', () => (hasSpoken = true));
    for (const event of ['end', 'error', 'close']) stream.on(event, end);
  });
}

/** Goes on until the dead owner's containers are gone. Those of a successor with the same id are younger and do not count. */
export async function untilNothingLeft(
  service: Pick<ReaperService, 'hasLeft' | 'sweep'>,
  ownerId: string,
  signal: AbortSignal,
): Promise<void> {
  const endedAtMs = Date.now() + CLOCK_TOLERANCE_MS;
  const giveUpAtMs = performance.now() + LONGEST_MS;
  while (performance.now() < giveUpAtMs && !signal.aborted) {
    const isFresh = await service.sweep();
    if (isFresh && !service.hasLeft(ownerId, endedAtMs)) return;
    await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
}
