import type { Clock, JobQueue, JobStore } from '@runyard/shared/ports';
import type { Logger } from '@runyard/shared/logging';
import type { CountEvent } from './events.ts';

/** Why a running job was stopped from our side. */
export type StopReason = 'lease_lost' | 'drain';

export interface LeaseKeeperDeps {
  readonly store: JobStore;
  readonly queue: JobQueue;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly count?: CountEvent;
}

export interface LeaseTimes {
  /** Length of a claim and of a renewal, and the visibility that goes with it. */
  readonly leaseMs: number;
  /** A lease older than this is renewed; a job that ends sooner costs no write. */
  readonly renewAfterMs: number;
}

export interface HeldJob {
  readonly executionId: string;
  readonly attempt: number;
  readonly receipt: string;
  readonly leaseUntilMs: number;
}

export interface HeldLease extends AsyncDisposable {
  /** Aborted with a `StopReason` when the job must end at once. */
  readonly signal: AbortSignal;
  stopReason(): StopReason | null;
}

interface Entry {
  readonly job: HeldJob;
  readonly stop: AbortController;
  leaseUntilMs: number;
  /** Whether the last renewal got through. */
  isRenewed: boolean;
  renewal: Promise<void> | null;
}

/**
 * Keeps the claims of all running jobs of one executor alive with one timer: the leases in the store, then all visibilities
 * in the queue at once.
 * A job whose lease is no longer ours, or can no longer be ours because no renewal got through in time, is stopped: from
 * then on another worker may run it, and the fencing number keeps our settle out.
 */
export class LeaseKeeper {
  readonly #deps: LeaseKeeperDeps;
  readonly #times: LeaseTimes;
  readonly #entries = new Set<Entry>();
  #timer: NodeJS.Timeout | null = null;

  constructor(deps: LeaseKeeperDeps, times: LeaseTimes) {
    this.#deps = deps;
    this.#times = times;
  }

  /** Starts the timer. Looking three times per renewal period leaves two more tries before a lease of three periods ends. */
  start(): void {
    this.#timer ??= setInterval(() => void this.renewDue(), this.#times.renewAfterMs / 3);
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  /** From now until disposal the claim is renewed. Disposal waits for a renewal under way, so that none lands later. */
  hold(job: HeldJob): HeldLease {
    const { leaseUntilMs } = job;
    const entry: Entry = { job, stop: new AbortController(), leaseUntilMs, isRenewed: false, renewal: null };
    this.#entries.add(entry);
    return {
      signal: entry.stop.signal,
      stopReason: () => (entry.stop.signal.aborted ? (entry.stop.signal.reason as StopReason) : null),
      [Symbol.asyncDispose]: async () => {
        this.#entries.delete(entry);
        await entry.renewal;
      },
    };
  }

  /** Stops every job that is held. */
  stopAll(reason: StopReason): void {
    for (const entry of this.#entries) entry.stop.abort(reason);
  }

  /** One look at all leases; public so that tests need no timer. */
  async renewDue(): Promise<void> {
    const due = [...this.#entries].filter((entry) => this.#isDue(entry));
    await Promise.all(due.map((entry) => during(entry, this.#renewLease(entry))));
    // What was disposed of or stopped meanwhile may already be handed back: its visibility is no longer ours.
    const renewed = due.filter((entry) => this.#entries.has(entry) && !entry.stop.signal.aborted && entry.isRenewed);
    if (renewed.length === 0) return;
    const batch = this.#extendVisibilities(renewed);
    await Promise.all(renewed.map((entry) => during(entry, batch)));
  }

  #isDue(entry: Entry): boolean {
    const ageMs = this.#deps.clock.nowMs() - (entry.leaseUntilMs - this.#times.leaseMs);
    return !entry.stop.signal.aborted && entry.renewal === null && ageMs >= this.#times.renewAfterMs;
  }

  async #renewLease(entry: Entry): Promise<void> {
    const { executionId, attempt } = entry.job;
    const { leaseMs } = this.#times;
    const nowMs = this.#deps.clock.nowMs();
    entry.isRenewed = false;
    try {
      entry.isRenewed = await this.#deps.store.renew(executionId, { attempt, nowMs, leaseMs });
      if (entry.isRenewed) entry.leaseUntilMs = nowMs + leaseMs;
      else this.#loseLease(entry);
    } catch (error) {
      this.#deps.logger.warn({ err: error, executionId, attempt }, 'lease not renewed, trying again');
      if (this.#deps.clock.nowMs() >= entry.leaseUntilMs) this.#loseLease(entry);
    }
  }

  #loseLease({ job, stop }: Entry): void {
    this.#deps.count?.('lease_lost');
    this.#deps.logger.warn({ executionId: job.executionId, attempt: job.attempt }, 'lease lost, stopping the job');
    stop.abort('lease_lost' satisfies StopReason);
  }

  /**
   * One call for all. A receipt that is no longer current does no harm, nor does a failure: the other delivery meets our live
   * lease and waits.
   */
  async #extendVisibilities(entries: readonly Entry[]): Promise<void> {
    try {
      const receipts = entries.map((entry) => entry.job.receipt);
      await this.#deps.queue.setVisibilities(receipts, this.#times.leaseMs);
    } catch (error) {
      this.#deps.logger.warn({ err: error, jobs: entries.length }, 'visibilities not extended');
    }
  }
}

/** Lets disposal wait for the work. */
async function during(entry: Entry, work: Promise<void>): Promise<void> {
  entry.renewal = work;
  await work;
  entry.renewal = null;
}
