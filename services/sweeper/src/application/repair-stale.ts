import { emptyOutcome, INTERNAL_ERROR_TEXT, type Job, type JobOutcome, MAX_ATTEMPTS } from '@runyard/shared/domain';
import type { Logger } from '@runyard/shared/logging';
import type { Clock, JobQueue, JobStore, ResendLedger } from '@runyard/shared/ports';
import { chooseResends } from './choose-resends.ts';
import type { MessageIndex } from './message-index.ts';

export type MessageKnowledge =
  | { readonly kind: 'index'; readonly messages: MessageIndex }
  | { readonly kind: 'ledger'; readonly resends: ResendLedger };

export interface StaleDependencies {
  readonly store: JobStore;
  readonly queue: JobQueue;
  /** What the backend has: one that knows which jobs have a message, or one that counts what is sent again. */
  readonly knowledge: MessageKnowledge;
  /** Ids of all languages that any worker of this backend serves; null where one process cannot know. */
  readonly languages: readonly string[] | null;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly resendAfterMs: number;
  /** A job that was queued for so long is ended as expired; null: it waits as long as its record is kept. */
  readonly maxQueuedMs: number | null;
  /** A job that nothing wrote for so long is looked at. Above the lease, so that a worker's last lease is over. */
  readonly staleAfterMs: number;
  /** Jobs looked at, oldest first. */
  readonly limit: number;
}

export interface StaleResult {
  readonly resent: number;
  readonly gaveUp: number;
  readonly expired: number;
}

/**
 * Jobs that stand still. A queued one may have lost its message (sent never, or by a crash between record and queue); a
 * running one whose lease is over has lost its worker. Both get a message again, or end: when their attempts are used up, when
 * they have waited too long, or when the server was started without their language, so that nobody will ever take them.
 *
 * A backend that knows which jobs have a message gets exactly the missing ones; for others see `chooseResends`.
 */
export async function repairStale(deps: StaleDependencies): Promise<StaleResult> {
  const nowMs = deps.clock.nowMs();
  const stale = await deps.store.listStale({ beforeMs: nowMs - deps.staleAfterMs, limit: deps.limit });
  const unheld = stale.filter((job) => job.status !== 'running' || job.leaseUntilMs <= nowMs);

  const ended = { gaveUp: 0, expired: 0 };
  const waiting: Job[] = [];
  for (const job of unheld) {
    const end = endOf(job, deps);
    if (end === null) {
      waiting.push(job);
      continue;
    }
    const result = await deps.store.giveUp(job.executionId, { nowMs, outcome: end });
    if (result.kind !== 'finished') continue;
    ended[end.verdict === 'expired' ? 'expired' : 'gaveUp'] += 1;
    deps.logger.warn({ ...factsOf(job), verdict: end.verdict }, 'job ended without a worker');
  }

  return { resent: waiting.length === 0 ? 0 : await sendAgain(waiting, deps), ...ended };
}

/** Returns how many. One queue that is out of order is no reason to leave the jobs of others; throws when none takes any. */
async function sendAgain(jobs: readonly Job[], deps: StaleDependencies): Promise<number> {
  const { queue, logger } = deps;
  const lacking = await lackingOf(deps);
  const languages = Map.groupBy(jobs, (job) => job.language);
  const failures: unknown[] = [];
  let sent = 0;
  for (const [language, ofLanguage] of languages) {
    try {
      for await (const job of lacking(language, ofLanguage)) {
        await queue.send({ executionId: job.executionId, language }, { group: job.ownerId });
        logger.info(factsOf(job), 'job sent again');
        sent += 1;
      }
    } catch (error) {
      logger.error({ err: error, language }, 'jobs could not be sent again');
      failures.push(error);
    }
  }
  if (failures.length > 0 && failures.length === languages.size) throw failures[0];
  return sent;
}

type Lacking = (language: string, jobs: readonly Job[]) => Iterable<Job> | AsyncIterable<Job>;

/** The jobs of a language that get a message more. */
async function lackingOf(deps: StaleDependencies): Promise<Lacking> {
  const { knowledge } = deps;
  if (knowledge.kind === 'ledger')
    return (language, jobs) => chooseResends(language, jobs, { ...deps, resends: knowledge.resends });
  const present = await knowledge.messages.jobsWithMessage();
  return (_language, jobs) => jobs.filter((job) => !present.has(job.executionId));
}

/** How a job ends that nobody can or shall run any more; null while somebody can. */
function endOf(job: Job, { languages, maxQueuedMs, clock }: StaleDependencies): JobOutcome | null {
  if (job.status === 'running' && job.attempt >= MAX_ATTEMPTS)
    return emptyOutcome('internal_error', INTERNAL_ERROR_TEXT);
  if (languages !== null && !languages.includes(job.language)) {
    const error = `The server no longer runs ${job.language}; the job was accepted before and has not ended. GET /languages says what it runs.`;
    return emptyOutcome('internal_error', error);
  }
  const isTooOld = maxQueuedMs !== null && job.status === 'queued' && clock.nowMs() - job.createdAtMs > maxQueuedMs;
  return isTooOld ? emptyOutcome('expired', 'The job waited too long and was not run.') : null;
}

function factsOf({ executionId, language, status, attempt }: Job) {
  return { executionId, language, status, attempt };
}
