import { emptyOutcome, INTERNAL_ERROR_TEXT, MAX_ATTEMPTS, type Job } from '@runyard/shared/domain';
import type { Clock, JobQueue, JobStore } from '@runyard/shared/ports';
import type { MessageIndex } from './message-index.ts';
import type { ResendMemory } from './resend-memory.ts';

export interface StaleDependencies {
  readonly store: JobStore;
  readonly queue: JobQueue;
  /** Null where the backend cannot tell which jobs have a message. */
  readonly messages: MessageIndex | null;
  /** Ids of all languages that any worker of this backend serves; null where one process cannot know. */
  readonly languages: readonly string[] | null;
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
 * running one whose lease is over has lost its worker. Both get a message again, or end: when their attempts are used up, or
 * when the server was started without their language, so that nobody will ever take them.
 *
 * A message more than needed is harmless (a claim decides), but must not pile up behind a long queue, where jobs stand
 * still only because they wait. A backend that knows which jobs have a message gets exactly the missing ones. Else: where
 * the queue of a language is empty no message can exist, and where it is not, one job is sent again only after ever longer
 * pauses (`ResendMemory`).
 */
export async function repairStale(deps: StaleDependencies): Promise<StaleResult> {
  const nowMs = deps.clock.nowMs();
  const stale = await deps.store.listStale({ beforeMs: nowMs - deps.staleAfterMs, limit: deps.limit });
  const unheld = stale.filter((job) => job.status !== 'running' || job.leaseUntilMs <= nowMs);

  let gaveUp = 0;
  const waiting: Job[] = [];
  for (const job of unheld) {
    const error = hopelessBecause(job, deps.languages);
    if (error === null) {
      waiting.push(job);
      continue;
    }
    const outcome = emptyOutcome('internal_error', error);
    const result = await deps.store.giveUp(job.executionId, { nowMs, outcome });
    if (result.kind === 'finished') gaveUp += 1;
  }

  const toSend = await (deps.messages === null ? likelyLost(waiting, deps) : lost(waiting, deps.messages));
  for (const { executionId, language } of toSend) await deps.queue.send({ executionId, language });
  return { resent: toSend.length, gaveUp };
}

async function lost(jobs: readonly Job[], messages: MessageIndex): Promise<readonly Job[]> {
  if (jobs.length === 0) return [];
  const present = await messages.jobsWithMessage();
  return jobs.filter((job) => !present.has(job.executionId));
}

async function likelyLost(jobs: readonly Job[], { queue, clock, memory }: StaleDependencies): Promise<readonly Job[]> {
  memory.keepOnly(new Set(jobs.map((job) => job.executionId)));
  const chosen: Job[] = [];
  for (const [language, ofLanguage] of Map.groupBy(jobs, (job) => job.language)) {
    const isQueueEmpty = (await queue.depth([language])) === 0;
    for (const job of ofLanguage) {
      if (memory.take(job.executionId, { nowMs: clock.nowMs(), isQueueEmpty })) chosen.push(job);
    }
  }
  return chosen;
}

/** What the client is told about a job that nobody can end any more; null while somebody can. */
function hopelessBecause(job: Job, languages: readonly string[] | null): string | null {
  if (job.status === 'running' && job.attempt >= MAX_ATTEMPTS) return INTERNAL_ERROR_TEXT;
  if (languages === null || languages.includes(job.language)) return null;
  return `The server no longer runs ${job.language}; the job was accepted before and has not ended. GET /languages says what it runs.`;
}
