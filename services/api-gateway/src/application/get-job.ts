import { isExecutionId, type Job } from '@runyard/shared/domain';
import type { JobStore } from '@runyard/shared/ports';
import { noSuchJob } from './errors.ts';
import type { WaitForJob } from './wait-for-job.ts';

export interface JobQuery {
  readonly executionId: string;
  readonly ownerId: string;
}

export interface JobWait {
  readonly waitMs: number;
  readonly isEnough: (job: Job) => boolean;
  readonly signal: AbortSignal;
}

/** Reads a job for its owner. Every way of not finding it is the same `not_found`. */
export class GetJob {
  readonly #store: JobStore;
  readonly #waiting: WaitForJob;

  constructor(store: JobStore, waiting: WaitForJob) {
    this.#store = store;
    this.#waiting = waiting;
  }

  async get(query: JobQuery): Promise<Job> {
    const job = isExecutionId(query.executionId) ? await this.#store.get(query.executionId) : null;
    return ownedBy(query.ownerId, job);
  }

  /** The owner is checked before any waiting, so that a foreign job answers no later than an unknown one. */
  async wait(query: JobQuery, wait: JobWait): Promise<Job> {
    const job = await this.get(query);
    if (wait.waitMs <= 0 || wait.isEnough(job)) return job;
    return ownedBy(query.ownerId, await this.#waiting.wait({ executionId: query.executionId, ...wait }));
  }
}

function ownedBy(ownerId: string, job: Job | null): Job {
  if (job?.ownerId !== ownerId) throw noSuchJob();
  return job;
}
