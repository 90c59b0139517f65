import { emptyOutcome, MAX_ATTEMPTS, type Job } from '@runyard/shared/domain';
import type { Clock, JobQueue, JobStore } from '@runyard/shared/ports';
import { INTERNAL_ERROR_TEXT } from './internal-error-text.ts';
import type { ResendMemory } from './resend-memory.ts';

export interface StaleDependencies {
  readonly store: JobStore;
  readonly queue: JobQueue;
  readonly clock: Clock;
  readonly memory: ResendMemory;
  /** A job that nothing wrote for so long is looked at. Above the lease, so that a worker's last lease is over. */
  readonly staleAfterMs: number;
  /** Jobs looked at, oldest first. */
  readonly limit: number;
}

export interface StaleResult {
  readonly resent: number;
  readonly gaveUp: number;
}

/**
 * Jobs that stand still. A queued one may have lost its message (sent never, or by a crash between record and queue); a
 * running one whose lease is over has lost its worker. Both get a message again, or end when their attempts are used up.
 *
 * A message more than needed is harmless (a claim decides), but must not pile up behind a long queue, where jobs stand
 * still only because they wait: where the queue of a language is empty, no message can exist; where it is not, one job is
 * sent again only after ever longer pauses (`ResendMemory`).
 */
export async function repairStale({
  store,
  queue,
  clock,
  memory,
  staleAfterMs,
  limit,
}: StaleDependencies): Promise<StaleResult> {
  const nowMs = clock.nowMs();
  const jobs = (await store.listStale({ beforeMs: nowMs - staleAfterMs, limit })).filter(
    (job) => job.status !== 'running' || job.leaseUntilMs <= nowMs,
  );
  memory.keepOnly(new Set(jobs.map((job) => job.executionId)));
  const lost = jobs.filter((job) => !isExhausted(job));

  let gaveUp = 0;
  for (const job of jobs.filter(isExhausted)) {
    const outcome = emptyOutcome('internal_error', INTERNAL_ERROR_TEXT);
    const result = await store.giveUp(job.executionId, { nowMs, outcome });
    if (result.kind === 'finished') gaveUp += 1;
  }

  let resent = 0;
  for (const [language, ofLanguage] of groupByLanguage(lost)) {
    const isQueueEmpty = (await queue.depth([language])) === 0;
    for (const { executionId } of ofLanguage) {
      if (!memory.maySend(executionId, { nowMs, isQueueEmpty })) continue;
      await queue.send({ executionId, language });
      memory.sent(executionId, nowMs);
      resent += 1;
    }
  }
  return { resent, gaveUp };
}

function isExhausted(job: Job): boolean {
  return job.status === 'running' && job.attempt >= MAX_ATTEMPTS;
}

function groupByLanguage(jobs: readonly Job[]): Map<string, Job[]> {
  return Map.groupBy(jobs, (job) => job.language);
}
