import type { Readable } from 'node:stream';
import type { ReaperService } from './reaper-service.ts';

const POLL_MS = 1_000;
/** Longer than any job may take; what is left then is for the next start. */
const LONGEST_MS = 60 * 60_000;
/** An engine that does not come back has nothing that could be removed; what ran is killed by then. */
const LONGEST_WITHOUT_ENGINE_MS = 10 * 60_000;
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
  const startedAtMs = performance.now();
  let answeredAtMs = startedAtMs;
  const isTooLong = (): boolean =>
    performance.now() - startedAtMs > LONGEST_MS || performance.now() - answeredAtMs > LONGEST_WITHOUT_ENGINE_MS;
  while (!isTooLong() && !signal.aborted) {
    const isFresh = await service.sweep();
    if (isFresh) answeredAtMs = performance.now();
    if (isFresh && !service.hasLeft(ownerId, endedAtMs)) return;
    await pause(signal);
  }
}

function pause(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, POLL_MS);
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
