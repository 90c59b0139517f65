import { setTimeout as sleep } from 'node:timers/promises';
import { LEASE_MS, RENEW_EVERY_MS, type Language } from '@runyard/shared/domain';
import type { Logger } from '@runyard/shared/logging';
import type { ArtifactStore, Clock, Delivery, JobQueue, JobStore } from '@runyard/shared/ports';
import { handleDelivery } from './deliveries.ts';
import { LeaseKeeper } from './lease-keeper.ts';
import type { Sandbox } from './ports.ts';

export interface ExecutorDependencies {
  readonly store: JobStore;
  readonly queue: JobQueue;
  readonly artifacts: ArtifactStore;
  readonly sandbox: Sandbox;
  /** Resolves when places can be made or `signal` aborts: until then jobs stay in the queue and spend no attempts. Default: at once. */
  readonly untilSandboxWell?: (signal: AbortSignal) => Promise<void>;
  /** Whose jobs are taken. */
  readonly languages: readonly Language[];
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface ExecutorOptions {
  /** Jobs at once: at most the cores of the host, else wall limits lie. */
  readonly slots: number;
  /** Names this executor in job records. */
  readonly worker: string;
  readonly leaseMs?: number;
  readonly renewAfterMs?: number;
  /** A number in [0, 1). */
  readonly random?: () => number;
}

/** One receive waits this long for a message (the maximum of SQS). */
const RECEIVE_WAIT_MS = 20_000;
/** After a failed receive or claim: long enough not to press a store that is down, short enough not to be felt. */
const FAULT_PAUSE_MS = 1_000;

/**
 * Takes jobs as slots become free and runs each to its settled end. One loop receives; every job runs on its own and frees
 * its slot when all is done. Nothing is kept in memory that matters: what a crash cuts off, the queue delivers again.
 */
export class Executor {
  readonly #deps: ExecutorDependencies;
  readonly #options: Required<ExecutorOptions>;
  readonly #languages: ReadonlyMap<string, Language>;
  readonly #keeper: LeaseKeeper;
  readonly #running = new Set<Promise<void>>();
  readonly #receiving = new AbortController();
  /** Ends the wait for a free slot, if there is one. */
  #wake: () => void = () => undefined;
  #loop: Promise<void> | null = null;
  #faultsInARow = 0;

  constructor(deps: ExecutorDependencies, options: ExecutorOptions) {
    this.#deps = deps;
    this.#options = { leaseMs: LEASE_MS, renewAfterMs: RENEW_EVERY_MS, random: Math.random, ...options };
    this.#languages = new Map(deps.languages.map((language) => [language.id, language]));
    this.#keeper = new LeaseKeeper(deps, this.#options);
  }

  /** Jobs that run now. */
  get runningJobs(): number {
    return this.#running.size;
  }

  /** Attempts that failed by our fault since the last one that did not. */
  get faultsInARow(): number {
    return this.#faultsInARow;
  }

  start(): void {
    this.#keeper.start();
    this.#loop ??= this.#receiveUntilDrained();
  }

  /**
   * Stops receiving, lets running jobs finish for at most `graceMs`, then ends the rest and gives them back to the queue at
   * once. Resolves when nothing runs any more. A second call with a shorter grace cuts the first one short.
   */
  async drain(graceMs: number): Promise<void> {
    this.#receiving.abort();
    this.#wake();
    await this.#loop;
    const finished = Promise.all(this.#running);
    const graceEnd = new AbortController();
    const isCut = sleep(graceMs, true, { signal: graceEnd.signal }).catch(() => false);
    if (await Promise.race([finished.then(() => false), isCut])) this.#keeper.stopAll('drain');
    await finished;
    graceEnd.abort();
    this.#keeper.stop();
  }

  async #receiveUntilDrained(): Promise<void> {
    const { signal } = this.#receiving;
    while (!signal.aborted) {
      const free = this.#options.slots - this.#running.size;
      if (free <= 0) {
        await this.#untilWoken();
        continue;
      }
      await this.#deps.untilSandboxWell?.(signal);
      if (signal.aborted) break;
      for (const delivery of await this.#receive(free)) this.#begin(delivery);
    }
  }

  /** No race of promises: one that lives as long as the process would keep every wait that ever was. */
  async #untilWoken(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }

  async #receive(maxMessages: number): Promise<readonly Delivery[]> {
    const { signal } = this.#receiving;
    try {
      return await this.#deps.queue.receive({
        languages: [...this.#languages.keys()],
        maxMessages,
        waitMs: RECEIVE_WAIT_MS,
        visibilityMs: this.#options.leaseMs,
        signal,
      });
    } catch (error) {
      this.#deps.logger.error({ err: error }, 'receiving failed, trying again');
      await sleep(FAULT_PAUSE_MS, undefined, { signal }).catch(() => undefined);
      return [];
    }
  }

  #begin(delivery: Delivery): void {
    const task = this.#handle(delivery).finally(() => {
      this.#running.delete(task);
      this.#wake();
    });
    this.#running.add(task);
  }

  /** Never rejects. */
  async #handle(delivery: Delivery): Promise<void> {
    const { queue, logger } = this.#deps;
    const { executionId } = delivery.message;
    try {
      if (this.#receiving.signal.aborted) {
        await queue.setVisibility(delivery.receipt, 0);
        return;
      }
      const end = await handleDelivery(delivery, {
        ...this.#deps,
        ...this.#options,
        languages: this.#languages,
        keeper: this.#keeper,
      });
      this.#faultsInARow = end === 'handed_back' || end === 'gave_up' ? this.#faultsInARow + 1 : 0;
    } catch (error) {
      this.#faultsInARow += 1;
      logger.error({ err: error, executionId }, 'delivery failed, leaving it to redelivery');
      await queue.setVisibility(delivery.receipt, FAULT_PAUSE_MS).catch(() => false);
    }
  }
}
