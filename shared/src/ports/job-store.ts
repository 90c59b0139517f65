import type { Job, JobOutcome, JobSource, QueuedJob } from '../domain/index.ts';
import type { ClaimTransition, CreateTransition, FinishTransition } from '../domain/life-cycle.ts';

/** What the life cycle answers (`domain/life-cycle.ts`), or that there is no such job. */
export type CreateResult = CreateTransition;
export type ClaimResult = ClaimTransition | { readonly kind: 'not_found' };
export type FinishResult = FinishTransition | { readonly kind: 'not_found' };

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
