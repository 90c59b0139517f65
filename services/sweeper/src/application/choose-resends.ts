import type { Job } from '@runyard/shared/domain';
import type { Clock, JobQueue, ResendLedger } from '@runyard/shared/ports';

export interface ResendDependencies {
  readonly queue: JobQueue;
  readonly resends: ResendLedger;
  readonly clock: Clock;
  /** A job that waits in a queue with other messages is sent again after so long, then after twice that, and so on. */
  readonly resendAfterMs: number;
}

/** Messages that one job may get besides its own while its queue holds others. */
const MAX_RESENDS = 3;
/** As many messages as jobs: each probably has its own and only waits in line, so that it is left in peace for longer. */
const BACKLOG_FACTOR = 5;
/** Pause between two sends into a queue that was seen empty: nobody has the message, unless the count was a moment old. */
const EMPTY_PAUSE_MS = 60_000;

/**
 * Which of the jobs of one language that stand still get a message more, where no one can tell which have one.
 *
 * A job may stand still because its message was lost, or because it waits in line. In an empty queue there is no line, so it was
 * lost. Otherwise age decides: a message more is harmless (a claim decides who runs the job) but must not pile up behind a long
 * queue, so the pauses double, there are three at most, and the count stands in the job's record: two sweepers, or one that
 * restarts, send no more than one. One by one, so that a job is counted when the one before it has been sent.
 */
export async function* chooseResends(
  language: string,
  jobs: readonly Job[],
  deps: ResendDependencies,
): AsyncGenerator<Job> {
  const depth = await deps.queue.depth([language]);
  for (const job of jobs) if (await isToBeSent(job, { depth, waiting: jobs.length }, deps)) yield job;
}

async function isToBeSent(
  job: Job,
  queue: { readonly depth: number; readonly waiting: number },
  { resends, clock, resendAfterMs }: ResendDependencies,
): Promise<boolean> {
  const nowMs = clock.nowMs();
  const isEmpty = queue.depth === 0;
  const lineMs = queue.depth >= queue.waiting ? BACKLOG_FACTOR * resendAfterMs : resendAfterMs;
  const pauseMs = isEmpty ? Math.min(EMPTY_PAUSE_MS, resendAfterMs) : lineMs;
  if (!isEmpty && nowMs - job.updatedAtMs < pauseMs) return false;
  const count = await resends.takeResend(job.executionId, { nowMs, pauseMs });
  // Taken all the same when it is not sent: so the job leaves the head of the list to others for a while.
  return count !== null && (isEmpty || count <= MAX_RESENDS);
}
