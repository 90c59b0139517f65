/**
 * Tells waiters of one process that a job changed, by reading all jobs that somebody waits for: one loop, up to 100 jobs per call.
 *
 * A job is read 100 ms after somebody began to wait for it, then after 200, 400 and from then on every 800 ms: most programs end soon,
 * and those that do not need not be asked for often. Jobs whose times are close are read together. Reads are eventually consistent and
 * carry only status and attempt, so an old answer may come once more; it is a hint late by one turn, never a wrong one, because a
 * waiter reads the job itself. Nobody waiting means no timer and no call. A call that fails is a turn without an answer.
 */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { InProcessJobEvents } from '../in-process/index.ts';
import type { Logger } from '../../logging/index.ts';
import type { JobEvents } from '../../ports/index.ts';
import { batchGet, MAX_BATCH_KEYS } from './batch-get.ts';
import { type Item, numberOf, textOf } from './job-item.ts';

export interface DynamoJobEventsOptions {
  readonly client: DynamoDBClient;
  readonly table: string;
  readonly logger: Logger;
}

const PAUSES_MS = [100, 200, 400] as const;
const LONGEST_PAUSE_MS = 800;
/** Reads that are due within this time go along. */
const TOGETHER_MS = 25;
/** Calls at a time, so that thousands of waiters do not take all connections of the client. */
const PARALLEL_CALLS = 4;
const PROJECTION = { expression: '#status, attempt, executionId', names: { '#status': 'status' } };

interface Watched {
  listeners: number;
  /** What was read last; null before the first answer. */
  state: string | null;
  reads: number;
  dueAtMs: number;
}

export class DynamoJobEvents implements JobEvents {
  /** The loop has asked a dozen times by then: reads of every waiter of its own would cost what the loop saves. */
  readonly rereadAfterMs = 15_000;
  readonly #client: DynamoDBClient;
  readonly #table: string;
  readonly #logger: Logger;
  readonly #events = new InProcessJobEvents();
  readonly #watched = new Map<string, Watched>();
  #timer: NodeJS.Timeout | null = null;
  #reading: Promise<void> | null = null;
  #isClosed = false;

  constructor({ client, table, logger }: DynamoJobEventsOptions) {
    this.#client = client;
    this.#table = table;
    this.#logger = logger;
  }

  /** Jobs that are read at the moment: 0 when nobody waits. */
  get size(): number {
    return this.#watched.size;
  }

  /** For what this process changes itself: its waiters need not wait for the loop. */
  publish(executionId: string): void {
    this.#events.publish(executionId);
  }

  subscribe(executionId: string, listener: () => void): () => void {
    const leave = this.#events.subscribe(executionId, listener);
    const watched = this.#watched.get(executionId) ?? { listeners: 0, state: null, reads: 0, dueAtMs: 0 };
    watched.listeners += 1;
    // A newcomer is asked for soon again, whoever waits already.
    watched.reads = 0;
    watched.dueAtMs = performance.now() + PAUSES_MS[0];
    this.#watched.set(executionId, watched);
    this.#schedule();
    let hasLeft = false;
    return () => {
      if (hasLeft) return;
      hasLeft = true;
      leave();
      watched.listeners -= 1;
      if (watched.listeners > 0) return;
      if (this.#watched.get(executionId) === watched) this.#watched.delete(executionId);
      if (this.#watched.size === 0) this.#stopTimer();
    };
  }

  /** No more reads; resolves when the last one has ended. Subscriptions stay and hear only `publish`. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stopTimer();
    await this.#reading;
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** One timer, for the job that is due first. */
  #schedule(): void {
    this.#stopTimer();
    if (this.#isClosed || this.#reading !== null || this.#watched.size === 0) return;
    let nextMs = Number.POSITIVE_INFINITY;
    for (const { dueAtMs } of this.#watched.values()) nextMs = Math.min(nextMs, dueAtMs);
    this.#timer = setTimeout(
      () => {
        this.#timer = null;
        this.#reading = this.#readDue().finally(() => {
          this.#reading = null;
          this.#schedule();
        });
      },
      Math.max(0, nextMs - performance.now()),
    );
  }

  async #readDue(): Promise<void> {
    const untilMs = performance.now() + TOGETHER_MS;
    const due = [...this.#watched].filter(([, { dueAtMs }]) => dueAtMs <= untilMs).map(([id]) => id);
    const batches: string[][] = [];
    for (let first = 0; first < due.length; first += MAX_BATCH_KEYS)
      batches.push(due.slice(first, first + MAX_BATCH_KEYS));
    const readers = Array.from({ length: PARALLEL_CALLS }, async () => {
      for (let batch = batches.shift(); batch !== undefined; batch = batches.shift()) await this.#readBatch(batch);
    });
    await Promise.all(readers);
  }

  async #readBatch(ids: readonly string[]): Promise<void> {
    try {
      const request = { tableName: this.#table, keys: ids, projection: PROJECTION, isConsistent: false };
      const { found, unread } = await batchGet(this.#client, request);
      for (const id of ids) {
        // What DynamoDB did not get to is asked for at its next turn; nothing is known about it.
        if (!unread.has(id)) this.#note(id, found.get(id));
      }
    } catch (error) {
      this.#logger.warn({ err: error, jobs: ids.length }, 'waiters could not be told of changes, trying again');
    }
    const nowMs = performance.now();
    for (const id of ids) {
      const watched = this.#watched.get(id);
      if (watched === undefined) continue;
      watched.reads += 1;
      watched.dueAtMs = nowMs + (PAUSES_MS[watched.reads] ?? LONGEST_PAUSE_MS);
    }
  }

  #note(executionId: string, item: Item | undefined): void {
    const watched = this.#watched.get(executionId);
    if (watched === undefined) return;
    const state = item === undefined ? GONE : `${textOf(item, 'status')} ${numberOf(item, 'attempt')}`;
    // At the first look nobody knows what the waiter saw before it: only the state that no job has left yet is surely old.
    const isNews = watched.state === null ? state !== UNTOUCHED : state !== watched.state;
    watched.state = state;
    if (!isNews) return;
    try {
      this.#events.publish(executionId);
    } catch (error) {
      this.#logger.error({ err: error, executionId }, 'a waiter failed when it was told of a change');
    }
  }
}

const GONE = 'gone';
const UNTOUCHED = 'queued 0';
