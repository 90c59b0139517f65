import { LEASE_MS } from '@runyard/shared/domain';
import type { Logger } from '@runyard/shared/logging';
import { FatalDependencyError } from '@runyard/shared/errors';
import type { ArtifactStore, Clock, JobQueue, JobStore } from '@runyard/shared/ports';
import { removeExpired } from './remove-expired.ts';
import { type MessageKnowledge, repairStale, type StaleResult } from './repair-stale.ts';
import { settleDeadLetters } from './settle-dead-letters.ts';

export interface SweeperDependencies {
  readonly store: JobStore;
  readonly queue: JobQueue;
  readonly artifacts: ArtifactStore;
  readonly knowledge: MessageKnowledge;
  /** Ids of all languages that are served, where this process alone serves them: jobs of others are ended. */
  readonly languages?: readonly string[];
  readonly clock: Clock;
  readonly logger: Logger;
  /** Told what each sweep did, for counters. */
  readonly onSweep?: (result: SweepResult, failedParts: number) => void;
  /** Told when no waiting helps, such as a table that is not there. */
  readonly onFatal?: (error: FatalDependencyError) => void;
}

export interface SweeperOptions {
  /** Mean pause between two sweeps; the real one is 0.8 to 1.2 of it, so that several sweepers drift apart. */
  readonly intervalMs?: number;
  /** Above the lease, so that a worker's last lease is over. */
  readonly staleAfterMs?: number;
  readonly resendAfterMs?: number;
  readonly maxQueuedMs?: number | null;
  /** A number in [0, 1). */
  readonly random?: () => number;
}

export interface SweepResult {
  readonly resent: number;
  readonly gaveUp: number;
  readonly expired: number;
  readonly deadLettersResent: number;
  readonly deadLettersSettled: number;
  readonly removed: number;
}

const INTERVAL_MS = 15_000;
/** A queued job whose queue holds other messages: twice what a busy deployment should let anybody wait. */
const RESEND_AFTER_MS = 120_000;
const STALE_BATCH = 1000;
const STALE_PART = 'repair of stale jobs';
/** After a crash all waiting jobs are looked at once: the bound only keeps a broken store from filling the memory. */
const CRASH_BATCH = 100_000;

/** Above the lease by a third of it, which is a renewal that came late: what is older has been left by every worker. */
export function staleAfterMs(leaseMs: number): number {
  return Math.round((leaseMs * 4) / 3);
}

/**
 * Repairs what a crash or a lost message left, and removes what is too old. Every part may run beside the workers and
 * beside other sweepers: each step is one conditional write of the store or a message more.
 */
export class Sweeper {
  readonly #deps: SweeperDependencies;
  readonly #options: Required<SweeperOptions>;
  #timer: NodeJS.Timeout | null = null;
  #sweep: Promise<unknown> = Promise.resolve();
  #isStopped = true;

  constructor(deps: SweeperDependencies, options: SweeperOptions = {}) {
    this.#deps = deps;
    this.#options = {
      intervalMs: INTERVAL_MS,
      staleAfterMs: staleAfterMs(LEASE_MS),
      resendAfterMs: RESEND_AFTER_MS,
      maxQueuedMs: null,
      random: Math.random,
      ...options,
    };
  }

  /** The first sweep happens at once. */
  start(): void {
    if (!this.#isStopped) return;
    this.#isStopped = false;
    this.#schedule(0);
  }

  /** Resolves when no sweep is under way any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    await this.#sweep;
  }

  /**
   * For a backend that this process has just taken over alone: whatever is not final has no worker, and may have lost its
   * message in the crash, so that nothing has to grow stale first. Throws when the store does not answer.
   */
  async repairAfterCrash(): Promise<void> {
    const result = await this.#repairStale(0, CRASH_BATCH);
    this.#deps.logger.info(result, 'repair at start');
  }

  /** One look at everything. A part that fails is logged and does not keep the others from their work. */
  async sweepOnce(): Promise<SweepResult> {
    const failed = new Map<string, unknown>();
    const attempt = async <T>(part: string, otherwise: T, work: () => Promise<T>): Promise<T> => {
      try {
        return await work();
      } catch (error) {
        failed.set(part, error);
        this.#deps.logger.error({ err: error, part }, 'sweep failed in one part');
        return otherwise;
      }
    };
    const stale = await attempt(STALE_PART, { resent: 0, gaveUp: 0, expired: 0 }, () =>
      this.#repairStale(this.#options.staleAfterMs, STALE_BATCH),
    );
    const dead = await attempt('dead letters', { resent: 0, settled: 0 }, () => settleDeadLetters(this.#deps));
    const removed = await attempt('retention', 0, () => removeExpired(this.#deps));
    const result = { ...stale, deadLettersResent: dead.resent, deadLettersSettled: dead.settled, removed };
    if (Object.values(result).some((count) => count > 0)) this.#deps.logger.info(result, 'sweep');
    this.#deps.onSweep?.(result, failed.size);
    // A queue without dead letters is no reason to stop repairing jobs.
    const error = failed.get(STALE_PART);
    if (error instanceof FatalDependencyError) this.#deps.onFatal?.(error);
    return result;
  }

  #repairStale(staleAfterMs: number, limit: number): Promise<StaleResult> {
    return repairStale({ languages: null, ...this.#deps, ...this.#options, staleAfterMs, limit });
  }

  #schedule(delayMs: number): void {
    this.#timer = setTimeout(() => {
      this.#sweep = this.sweepOnce().finally(() => {
        if (!this.#isStopped) this.#schedule(this.#options.intervalMs * (0.8 + 0.4 * this.#options.random()));
      });
    }, delayMs);
  }
}
