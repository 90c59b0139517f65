/**
 * The life cycle of a job, and the only way to a new status.
 *
 *   queued ──claim──► running ──settle──► completed | failed | timeout | cancelled
 *     │                 │ lease over: claim again (attempt + 1), at most MAX_ATTEMPTS claims
 *     └── giveUp, cancel, expire ──► failed | cancelled | expired
 *
 * Pure functions: they never throw, never read a clock and never write. A store reads the record, asks here, and writes the answer
 * under the condition that the record is still the one it read. `attempt` is the fencing number: it only grows, and only the
 * claim that made it may renew or settle. A final job never changes again.
 */
import type { FinalJob, Job, JobOutcome, QueuedJob, RunningJob } from './job.ts';
import { isFinal } from './status.ts';
import { statusOf, type Verdict } from './verdict.ts';

/** Claims per job before it ends as `internal_error` (design decision: three infrastructure faults are not chance). */
export const MAX_ATTEMPTS = 3;
/** How long a claim holds without renewal. Three renewals may be late before another worker takes over. */
export const LEASE_MS = 45_000;
export const RENEW_EVERY_MS = 15_000;

export type CreateTransition =
  | { readonly kind: 'created'; readonly job: QueuedJob }
  /** The id exists with the same requestHash: the first answer stands. */
  | { readonly kind: 'replayed'; readonly job: Job }
  /** The id exists with another requestHash. */
  | { readonly kind: 'mismatch'; readonly job: Job };

export type ClaimTransition =
  | { readonly kind: 'claimed'; readonly job: RunningJob }
  | { readonly kind: 'final'; readonly job: FinalJob }
  /** Another worker holds a live lease. */
  | { readonly kind: 'leased'; readonly leaseUntilMs: number }
  /** The lease is over and all attempts are used: `giveUp` is the only way on. */
  | { readonly kind: 'exhausted'; readonly job: RunningJob };

export type RenewTransition = { readonly kind: 'renewed'; readonly job: RunningJob } | { readonly kind: 'lost' };

export type FinishTransition =
  | { readonly kind: 'finished'; readonly job: FinalJob }
  | { readonly kind: 'final'; readonly job: FinalJob }
  /** The fencing number is not the current one, or the state does not allow the step. Nothing changes. */
  | { readonly kind: 'refused'; readonly job: Job };

/** Verdicts of jobs that end without a worker's result. */
const WORKERLESS_VERDICTS: ReadonlySet<Verdict> = new Set(['internal_error', 'cancelled', 'expired']);

export function isFinalJob(job: Job): job is FinalJob {
  return isFinal(job.status);
}

/** `existing` is the record under the same id, or null. */
export function create(existing: Job | null, job: QueuedJob): CreateTransition {
  if (existing === null) return { kind: 'created', job };
  return { kind: existing.requestHash === job.requestHash ? 'replayed' : 'mismatch', job: existing };
}

/** `queued`, or `running` with the lease over (`leaseUntilMs <= nowMs`), and attempts left. */
export function claim(
  job: Job,
  by: { readonly worker: string; readonly nowMs: number; readonly leaseMs: number },
): ClaimTransition {
  if (isFinalJob(job)) return { kind: 'final', job };
  if (job.status === 'running') {
    if (job.leaseUntilMs > by.nowMs) return { kind: 'leased', leaseUntilMs: job.leaseUntilMs };
    if (job.attempt >= MAX_ATTEMPTS) return { kind: 'exhausted', job };
  }
  return {
    kind: 'claimed',
    job: {
      ...job,
      status: 'running',
      attempt: job.attempt + 1,
      worker: by.worker,
      leaseUntilMs: by.nowMs + by.leaseMs,
      startedAtMs: job.status === 'running' ? job.startedAtMs : by.nowMs,
      updatedAtMs: by.nowMs,
    },
  };
}

/** The lease may be over, as long as nobody else has claimed since. */
export function renew(
  job: Job,
  lease: { readonly attempt: number; readonly nowMs: number; readonly leaseMs: number },
): RenewTransition {
  if (job.status !== 'running' || job.attempt !== lease.attempt) return { kind: 'lost' };
  return { kind: 'renewed', job: { ...job, leaseUntilMs: lease.nowMs + lease.leaseMs, updatedAtMs: lease.nowMs } };
}

/** The result of the worker that holds the attempt. A worker never says `expired`: that is decided before a job runs. */
export function settle(
  job: Job,
  end: { readonly attempt: number; readonly nowMs: number; readonly outcome: JobOutcome },
): FinishTransition {
  if (isFinalJob(job)) return { kind: 'final', job };
  if (job.status !== 'running' || job.attempt !== end.attempt || end.outcome.verdict === 'expired') {
    return { kind: 'refused', job };
  }
  return { kind: 'finished', job: finish(job, end) };
}

/** Ends a job that no worker holds: `queued`, or `running` with the lease over. Only with a verdict that needs no worker. */
export function giveUp(job: Job, end: { readonly nowMs: number; readonly outcome: JobOutcome }): FinishTransition {
  if (isFinalJob(job)) return { kind: 'final', job };
  const isHeld = job.status === 'running' && job.leaseUntilMs > end.nowMs;
  if (isHeld || !WORKERLESS_VERDICTS.has(end.outcome.verdict)) return { kind: 'refused', job };
  return { kind: 'finished', job: finish(job, end) };
}

/** The owner's wish ends a job at once, running or not; the worker then finds its settle refused as `final`. */
export function cancel(job: Job, end: { readonly nowMs: number; readonly outcome: JobOutcome }): FinishTransition {
  if (isFinalJob(job)) return { kind: 'final', job };
  if (end.outcome.verdict !== 'cancelled') return { kind: 'refused', job };
  return { kind: 'finished', job: finish(job, end) };
}

/** A job that waited longer than its client wanted. Only before it runs. */
export function expire(job: Job, end: { readonly nowMs: number; readonly outcome: JobOutcome }): FinishTransition {
  if (isFinalJob(job)) return { kind: 'final', job };
  if (job.status !== 'queued' || end.outcome.verdict !== 'expired') return { kind: 'refused', job };
  return { kind: 'finished', job: finish(job, end) };
}

/** Takes the lease from a worker that is known to be dead. The attempt stays: it was used. Null when there is no live lease. */
export function voidLease(job: Job, nowMs: number): RunningJob | null {
  return job.status === 'running' && job.leaseUntilMs > nowMs ? { ...job, leaseUntilMs: nowMs } : null;
}

function finish(job: QueuedJob | RunningJob, end: { readonly nowMs: number; readonly outcome: JobOutcome }): FinalJob {
  const common = {
    executionId: job.executionId,
    ownerId: job.ownerId,
    userId: job.userId,
    language: job.language,
    limits: job.limits,
    metadata: job.metadata,
    requestHash: job.requestHash,
    createdAtMs: job.createdAtMs,
    expiresAtMs: job.expiresAtMs,
    attempt: job.attempt,
  };
  return {
    ...common,
    status: statusOf(end.outcome.verdict),
    startedAtMs: job.status === 'running' ? job.startedAtMs : null,
    updatedAtMs: end.nowMs,
    completedAtMs: end.nowMs,
    outcome: end.outcome,
  };
}
