import type { FinalJob, Job, JobOutcome, JobSource, QueuedJob, RunningJob } from '../domain/index.ts';

export type CreateResult =
  | { readonly kind: 'created'; readonly job: QueuedJob }
  /** The id exists with the same requestHash: the first answer stands. */
  | { readonly kind: 'replayed'; readonly job: Job }
  /** The id exists with another requestHash. */
  | { readonly kind: 'mismatch'; readonly job: Job };

export type ClaimResult =
  | { readonly kind: 'claimed'; readonly job: RunningJob }
  | { readonly kind: 'not_found' }
  | { readonly kind: 'final'; readonly job: FinalJob }
  /** Another worker holds a live lease. */
  | { readonly kind: 'leased'; readonly leaseUntilMs: number }
  /** The lease is over and all attempts are used: `giveUp` is the only way on. */
  | { readonly kind: 'exhausted'; readonly job: RunningJob };

export type FinishResult =
  | { readonly kind: 'finished'; readonly job: FinalJob }
  | { readonly kind: 'not_found' }
  | { readonly kind: 'final'; readonly job: FinalJob }
  /** The fencing number is not the current one, or the state does not allow the step. Nothing was written. */
  | { readonly kind: 'refused'; readonly job: Job };

/**
 * The durable record of every job. All methods are atomic; a promise that resolves means durable (create, finish) or read.
 * Throws only AppError (`dependency_unavailable`, retryable). Times are epoch milliseconds of the caller's clock.
 */
export interface JobStore {
  /** Idempotent by executionId. */
  create(job: QueuedJob, source: JobSource): Promise<CreateResult>;
  get(executionId: string): Promise<Job | null>;
  getSource(executionId: string): Promise<JobSource | null>;
  /** `queued`, or `running` with the lease over → `running`, attempt + 1. At most MAX_ATTEMPTS claims. */
  claim(executionId: string, claim: { worker: string; nowMs: number; leaseMs: number }): Promise<ClaimResult>;
  /** False when the lease is no longer this attempt's: the worker must stop. */
  renew(executionId: string, lease: { attempt: number; nowMs: number; leaseMs: number }): Promise<boolean>;
  /** Fenced: only the running attempt may settle, once. */
  settle(executionId: string, end: { attempt: number; nowMs: number; outcome: JobOutcome }): Promise<FinishResult>;
  /** Ends a job that no worker holds: `queued`, or `running` with the lease over. `outcome.verdict` says how. */
  giveUp(executionId: string, end: { nowMs: number; outcome: JobOutcome }): Promise<FinishResult>;
  /** Removes record and source. False when there was none. A deleted job stays deleted: later settles find nothing. */
  delete(executionId: string): Promise<boolean>;
  /** Non-final jobs not written since `beforeMs`, oldest first: what a lost message or a dead worker left. */
  listStale(query: { beforeMs: number; limit: number }): Promise<readonly Job[]>;
  /** Jobs whose retention is over, oldest first. */
  listExpired(query: { nowMs: number; limit: number }): Promise<readonly Job[]>;
  /** Resolves when the store answers. */
  ping(): Promise<void>;
}
