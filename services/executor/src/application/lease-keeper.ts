import type { Clock, JobQueue, JobStore } from '@runyard/shared/ports';
import type { Logger } from '@runyard/shared/logging';

/** Why a running job was stopped from our side. */
export type StopReason = 'lease_lost' | 'drain';

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
  renewal: Promise<void> | null;
}

/**
 * Keeps the claims of all running jobs of one executor alive: lease (store) and visibility (queue) together, with one timer.
 * A job whose lease is no longer ours, or can no longer be ours because no renewal got through in time, is stopped: from
 * then on another worker may run it, and the fencing number keeps our settle out.
 */
export class LeaseKeeper {
  readonly #deps: { store: JobStore; queue: JobQueue; clock: Clock; logger: Logger };
  readonly #times: LeaseTimes;
  readonly #entries = new Set<Entry>();
  #timer: NodeJS.Timeout | null = null;

  constructor(deps: { store: JobStore; queue: JobQueue; clock: Clock; logger: Logger }, times: LeaseTimes) {
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
    const entry: Entry = { job, stop: new AbortController(), leaseUntilMs: job.leaseUntilMs, renewal: null };
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
    const renewals: Promise<void>[] = [];
    for (const entry of this.#entries) {
      const ageMs = this.#deps.clock.nowMs() - (entry.leaseUntilMs - this.#times.leaseMs);
      if (entry.stop.signal.aborted || entry.renewal !== null || ageMs < this.#times.renewAfterMs) continue;
      entry.renewal = this.#renew(entry).finally(() => {
        entry.renewal = null;
      });
      renewals.push(entry.renewal);
    }
    await Promise.all(renewals);
  }

  async #renew(entry: Entry): Promise<void> {
    const { executionId, attempt, receipt } = entry.job;
    const { leaseMs } = this.#times;
    const nowMs = this.#deps.clock.nowMs();
    try {
      const isOurs = await this.#deps.store.renew(executionId, { attempt, nowMs, leaseMs });
      if (!isOurs) {
        entry.stop.abort('lease_lost' satisfies StopReason);
        return;
      }
      entry.leaseUntilMs = nowMs + leaseMs;
      // A receipt that is no longer current does no harm: the other delivery meets our live lease and waits.
      await this.#deps.queue.setVisibility(receipt, leaseMs);
    } catch (error) {
      this.#deps.logger.warn({ err: error, executionId, attempt }, 'lease not renewed, trying again');
      if (this.#deps.clock.nowMs() >= entry.leaseUntilMs) entry.stop.abort('lease_lost' satisfies StopReason);
    }
  }
}
