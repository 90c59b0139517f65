import type { Job } from '@runyard/shared/domain';
import type { JobEvents, JobStore } from '@runyard/shared/ports';

export interface WaitRequest {
  readonly executionId: string;
  readonly waitMs: number;
  /** Ends the wait. */
  readonly isEnough: (job: Job) => boolean;
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal;
}

/**
 * Waits for a job's record to change. Hints may be lost: a waiter also reads by itself, as seldom as the hints are reliable. The number of waiters is bounded:
 * beyond it a wait is answered with what is known now, as if its time were over.
 */
export class WaitForJob {
  readonly #store: JobStore;
  readonly #events: JobEvents;
  readonly #maxWaiters: number;
  readonly #waiters = new Set<() => void>();
  #isClosed = false;

  constructor(store: JobStore, events: JobEvents, options: { maxWaiters: number }) {
    this.#store = store;
    this.#events = events;
    this.#maxWaiters = options.maxWaiters;
  }

  get waiterCount(): number {
    return this.#waiters.size;
  }

  /** The job as last read; null when it does not exist (any more). Throws what the store throws. */
  async wait(request: WaitRequest): Promise<Job | null> {
    const untilMs = performance.now() + request.waitMs;
    if (request.waitMs <= 0 || this.#waiters.size >= this.#maxWaiters) return this.#store.get(request.executionId);

    let isHinted = false;
    let wake: (() => void) | null = null;
    const hint = () => {
      isHinted = true;
      wake?.();
    };
    // Before the first read: what changes after it is hinted, what changed before it is read.
    const unsubscribe = this.#events.subscribe(request.executionId, hint);
    this.#waiters.add(hint);
    request.signal.addEventListener('abort', hint);
    try {
      for (;;) {
        isHinted = false;
        const job = await this.#store.get(request.executionId);
        const leftMs = untilMs - performance.now();
        const isOver = leftMs <= 0 || this.#isClosed || request.signal.aborted;
        if (job === null || isOver || request.isEnough(job)) return job;
        if (isHinted) continue;
        await pause(Math.min(leftMs, this.#events.rereadAfterMs), (resolve) => {
          wake = resolve;
        });
        wake = null;
      }
    } finally {
      unsubscribe();
      this.#waiters.delete(hint);
      request.signal.removeEventListener('abort', hint);
    }
  }

  /** Ends all waits, now and in future, with what is known. */
  close(): void {
    this.#isClosed = true;
    for (const wake of this.#waiters) wake();
  }
}

/** Resolves after the time, or earlier through the function that `onStart` is given. */
async function pause(durationMs: number, onStart: (wake: () => void) => void): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, durationMs);
    onStart(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
