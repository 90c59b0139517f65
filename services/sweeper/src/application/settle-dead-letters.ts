import { emptyOutcome, INTERNAL_ERROR_TEXT, isFinalJob, MAX_ATTEMPTS, type Job } from '@runyard/shared/domain';
import type { Logger } from '@runyard/shared/logging';
import type { Clock, Delivery, JobQueue, JobStore } from '@runyard/shared/ports';

export interface DeadLetterDependencies {
  readonly store: JobStore;
  readonly queue: JobQueue;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface DeadLetterResult {
  readonly resent: number;
  readonly settled: number;
}

const BATCH = 10;
/** Bounds one sweep; the rest waits for the next. */
const MAX_BATCHES = 20;
/** Longer than one batch takes, so that two sweepers do not handle the same letter. */
const VISIBILITY_MS = 60_000;

/**
 * Messages that were received too often. That says nothing about the job yet: one that is still queued was never even
 * claimed and is sent again; one whose worker vanished ends as an internal error; a final or deleted one needs nothing.
 */
export async function settleDeadLetters(deps: DeadLetterDependencies): Promise<DeadLetterResult> {
  const result = { resent: 0, settled: 0 };
  for (let batch = 0; batch < MAX_BATCHES; batch += 1) {
    const letters = await deps.queue.receiveDead({ maxMessages: BATCH, visibilityMs: VISIBILITY_MS });
    if (letters.length === 0) break;
    for (const letter of letters) {
      const done = await settleLetter(letter, deps);
      if (done !== 'dropped') result[done] += 1;
      await deps.queue.deleteDead(letter.receipt);
    }
  }
  return result;
}

async function settleLetter(letter: Delivery, deps: DeadLetterDependencies): Promise<'resent' | 'settled' | 'dropped'> {
  const { executionId } = letter.message;
  const job = await deps.store.get(executionId);
  if (job === null || isFinalJob(job)) return 'dropped';
  if (isWaiting(job)) {
    await deps.queue.send({ executionId, language: job.language }, { group: job.ownerId });
    deps.logger.warn({ executionId, language: job.language }, 'dead letter sent again');
    return 'resent';
  }
  const outcome = emptyOutcome('internal_error', INTERNAL_ERROR_TEXT);
  // Refused while a worker holds a live lease: it settles the job itself, or its end makes the job stale and found there.
  const end = await deps.store.giveUp(executionId, { nowMs: deps.clock.nowMs(), outcome });
  if (end.kind !== 'finished') return 'dropped';
  deps.logger.warn({ executionId, language: job.language, attempt: job.attempt }, 'dead letter settled');
  return 'settled';
}

function isWaiting(job: Job): boolean {
  return job.status === 'queued' && job.attempt < MAX_ATTEMPTS;
}
