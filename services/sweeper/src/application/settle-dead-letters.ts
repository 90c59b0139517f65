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
 * Messages that were received too often. That says nothing about the job yet: while it has attempts left and nobody holds it, it is
 * sent again (an outage of the table uses up deliveries, not attempts); with none left it ends as an internal error; a final or
 * deleted one needs nothing.
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
  if (canRunAgain(job, deps.clock.nowMs())) {
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

/** Also a job that runs no more: its worker died, or could not write while the store refused, and both say nothing about the job. */
function canRunAgain(job: Job, nowMs: number): boolean {
  if (job.attempt >= MAX_ATTEMPTS) return false;
  return job.status === 'queued' || (job.status === 'running' && job.leaseUntilMs <= nowMs);
}
