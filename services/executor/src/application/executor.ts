import { setTimeout as sleep } from 'node:timers/promises';
import { LEASE_MS, RENEW_EVERY_MS, type Language } from '@runyard/shared/domain';
import { FatalDependencyError } from '@runyard/shared/errors';
import type { Logger } from '@runyard/shared/logging';
import type { ArtifactStore, Clock, Delivery, JobQueue, JobStore } from '@runyard/shared/ports';
import { backOffMs, redeliveryPauseMs } from './back-off.ts';
import { handleDelivery } from './deliveries.ts';
import type { CountEvent } from './events.ts';
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
  /** Told of everything that happens, for counters. */
  readonly count?: CountEvent;
  /** Told once when no waiting helps, such as a queue that is not there. Nothing is received any more. */
  readonly onFatal?: (error: FatalDependencyError) => void;
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

/** A lease is renewed after this part of it, so that two more tries fit into the rest. */
const RENEW_AFTER = RENEW_EVERY_MS / LEASE_MS;
/** One receive waits this long for a message (the maximum of SQS). */
const RECEIVE_WAIT_MS = 20_000;
/** A message of a language that is not served here goes to another executor, or comes back: spread, so that it does not circle. */
const NOT_SERVED_MS = { least: 1_000, most: 5_000 } as const;

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
  #receiveErrorsInARow = 0;

  constructor(deps: ExecutorDependencies, options: ExecutorOptions) {
    this.#deps = deps;
    const leaseMs = options.leaseMs ?? LEASE_MS;
    this.#options = { renewAfterMs: leaseMs * RENEW_AFTER, random: Math.random, ...options, leaseMs };
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
   * once. What a last receive under way still brings is given back too. Resolves when nothing runs any more. A second call
   * with a shorter grace cuts the first one short.
   */
  async drain(graceMs: number): Promise<void> {
    this.#receiving.abort();
    this.#wake();
    const finished = this.#untilNothingRuns();
    const graceEnd = new AbortController();
    const isCut = sleep(graceMs, true, { signal: graceEnd.signal }).catch(() => false);
    if (await Promise.race([finished.then(() => false), isCut])) this.#keeper.stopAll('drain');
    await finished;
    graceEnd.abort();
    this.#keeper.stop();
  }

  /** The loop first: it may still begin what it has received. */
  async #untilNothingRuns(): Promise<void> {
    await this.#loop;
    await Promise.all(this.#running);
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
      const deliveries = await this.#deps.queue.receive({
        languages: [...this.#languages.keys()],
        maxMessages,
        waitMs: RECEIVE_WAIT_MS,
        visibilityMs: this.#options.leaseMs,
        signal,
      });
      this.#receiveErrorsInARow = 0;
      return deliveries;
    } catch (error) {
      this.#receiveErrorsInARow += 1;
      this.#count('receive_errors');
      if (this.#endIfFatal(error)) return [];
      const pauseMs = backOffMs(this.#receiveErrorsInARow, this.#options.random());
      this.#deps.logger.error({ err: error, pauseMs }, 'receiving failed, trying again');
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
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
    this.#count('deliveries');
    if (delivery.receiveCount > 1) this.#count('redelivered');
    try {
      if (await this.#isGivenBack(delivery)) return;
      const end = await handleDelivery(delivery, {
        ...this.#deps,
        ...this.#options,
        languages: this.#languages,
        keeper: this.#keeper,
      });
      this.#count(end);
      this.#faultsInARow = end === 'handed_back' || end === 'gave_up' ? this.#faultsInARow + 1 : 0;
    } catch (error) {
      this.#faultsInARow += 1;
      this.#count('delivery_errors');
      logger.error({ err: error, executionId }, 'delivery failed, leaving it to redelivery');
      await queue.setVisibility(delivery.receipt, redeliveryPauseMs(delivery.receiveCount)).catch(() => false);
      this.#endIfFatal(error);
    }
  }

  /** What is not started here: received while stopping, or of a language of others (one queue for all languages). */
  async #isGivenBack({ receipt, message }: Delivery): Promise<boolean> {
    const { queue, logger } = this.#deps;
    if (this.#receiving.signal.aborted) {
      this.#count('given_back');
      logger.info({ executionId: message.executionId }, 'message given back unstarted');
      await queue.setVisibility(receipt, 0);
      return true;
    }
    if (this.#languages.has(message.language)) return false;
    this.#count('not_served');
    const { least, most } = NOT_SERVED_MS;
    await queue.setVisibility(receipt, Math.round(least + (most - least) * this.#options.random()));
    return true;
  }

  #endIfFatal(error: unknown): boolean {
    if (!(error instanceof FatalDependencyError)) return false;
    this.#receiving.abort();
    this.#wake();
    this.#deps.onFatal?.(error);
    return true;
  }

  #count(event: Parameters<CountEvent>[0]): void {
    this.#deps.count?.(event);
  }
}
