import type { StatementSync } from 'node:sqlite';
import type { Clock, Delivery, JobMessage, JobQueue } from '../../ports/index.ts';
import { formatReceipt, parseReceipt } from './receipt.ts';
import { ReceiveWaiters } from './receive-waiters.ts';
import type { SqliteDatabase } from './sqlite-database.ts';

/** A wall clock that falls back by more than this was set, not slewed. */
const MIN_CLOCK_STEP_MS = 1_000;

/** Deliveries of one message before it counts as poison (design decision; attempts of a job are counted apart, by claims). */
export const DEFAULT_MAX_RECEIVE_COUNT = 10;

export interface SqliteJobQueueOptions {
  readonly clock: Clock;
  readonly maxReceiveCount?: number;
}

type ReceiveRequest = Parameters<JobQueue['receive']>[0];

interface DueRow {
  readonly id: number;
  readonly language: string;
  readonly execution_id: string;
  readonly visible_at_ms: number;
  readonly receive_count: number;
}

/**
 * A queue in two tables. A message is in flight while `visible_at_ms` lies ahead. Writes are not synced one by one: a power cut may
 * bring a deleted message back or lose a sent one, and both are repaired (see `sqlite-database.ts`).
 * Order: by the time of becoming visible, over all languages of a request.
 */
export class SqliteJobQueue implements JobQueue {
  readonly #database: SqliteDatabase;
  readonly #clock: Clock;
  readonly #maxReceiveCount: number;
  readonly #statements: ReturnType<typeof prepareStatements>;
  readonly #waiters: ReceiveWaiters<Delivery>;
  #latestMs = Number.NEGATIVE_INFINITY;

  constructor(database: SqliteDatabase, options: SqliteJobQueueOptions) {
    this.#database = database;
    this.#clock = options.clock;
    this.#maxReceiveCount = options.maxReceiveCount ?? DEFAULT_MAX_RECEIVE_COUNT;
    this.#statements = prepareStatements(database);
    this.#waiters = new ReceiveWaiters(() => this.#clock.nowMs());
  }

  async send(message: JobMessage, options: { delayMs?: number; group?: string } = {}): Promise<void> {
    const nowMs = this.#nowMs();
    const visibleAtMs = nowMs + (options.delayMs ?? 0);
    this.#database.write('quick', () => {
      this.#statements.insert.run(message.language, message.executionId, nowMs, visibleAtMs);
    });
    this.#waiters.wake();
  }

  async receive(request: ReceiveRequest): Promise<readonly Delivery[]> {
    if (request.signal?.aborted === true || request.maxMessages < 1) return [];
    const deliveries = this.#take(request);
    if (deliveries.length > 0 || request.waitMs <= 0) return deliveries;
    const source = { take: () => this.#take(request), nextAtMs: () => this.#nextVisibleAtMs(request.languages) };
    return this.#waiters.wait(source, request.waitMs, request.signal);
  }

  async setVisibility(receipt: string, visibilityMs: number): Promise<boolean> {
    const visibleAtMs = this.#nowMs() + visibilityMs;
    const isCurrent = this.#change(this.#statements.setVisible, receipt, visibleAtMs);
    if (isCurrent) this.#waiters.wake();
    return isCurrent;
  }

  async setVisibilities(receipts: readonly string[], visibilityMs: number): Promise<readonly boolean[]> {
    return Promise.all(receipts.map((receipt) => this.setVisibility(receipt, visibilityMs)));
  }

  async delete(receipt: string): Promise<boolean> {
    return this.#change(this.#statements.remove, receipt);
  }

  async depth(languages: readonly string[]): Promise<number> {
    return this.#database.read(() =>
      languages.reduce((sum, language) => sum + Number(this.#statements.depth.get(language)?.['depth'] ?? 0), 0),
    );
  }

  async receiveDead(request: { maxMessages: number; visibilityMs: number }): Promise<readonly Delivery[]> {
    const nowMs = this.#nowMs();
    return this.#database.write('quick', () =>
      rows(this.#statements.selectDead.all(nowMs, request.maxMessages)).map((row) => {
        this.#statements.receiveDead.run(nowMs + request.visibilityMs, row.id);
        return deliveryOf(row);
      }),
    );
  }

  async deleteDead(receipt: string): Promise<boolean> {
    return this.#change(this.#statements.removeDead, receipt);
  }

  async ping(): Promise<void> {
    this.#database.read(() => this.#statements.ping.get());
  }

  /**
   * At boot, under the lock of the data folder: who held these messages is dead, so they need not wait for their time. They come
   * before messages that were sent after them.
   */
  async makeAllVisible(): Promise<void> {
    const nowMs = this.#nowMs();
    this.#database.write('quick', () => {
      this.#statements.showAll.run(nowMs, nowMs);
      this.#statements.showAllDead.run(nowMs, nowMs);
    });
    this.#waiters.wake();
  }

  /**
   * Ids of all jobs that have a message, in flight or dead ones included. Lets a sweeper send again exactly what was lost; a queue
   * elsewhere cannot tell this.
   */
  async jobsWithMessage(): Promise<ReadonlySet<string>> {
    return this.#database.read(
      () => new Set(this.#statements.selectJobs.all().map((row) => String(row['execution_id']))),
    );
  }

  /**
   * The time, after all stored times were brought along when the clock was set back. Without that every waiting message would
   * lie in the future, and no job would run until the clock has caught up. Set forward, messages in flight are merely
   * delivered once more.
   */
  #nowMs(): number {
    const nowMs = this.#clock.nowMs();
    const stepMs = nowMs - this.#latestMs;
    if (stepMs < -MIN_CLOCK_STEP_MS) {
      this.#database.write('quick', () => {
        this.#statements.shift.run(stepMs, stepMs);
        this.#statements.shiftDead.run(stepMs);
      });
    }
    this.#latestMs = nowMs;
    return nowMs;
  }

  /** Whether the receipt was current. A stale one changes nothing. */
  #change(statement: StatementSync, receiptText: string, ...values: readonly number[]): boolean {
    const receipt = parseReceipt(receiptText);
    if (receipt === null) return false;
    return this.#database.write(
      'quick',
      () => statement.run(...values, receipt.id, receipt.receiveCount).changes !== 0,
    );
  }

  #take(request: ReceiveRequest): readonly Delivery[] {
    const nowMs = this.#nowMs();
    const languages = this.#dueLanguages(request.languages, nowMs);
    if (languages.length === 0) return [];
    return this.#database.write('quick', () => {
      const deliveries: Delivery[] = [];
      let hasMore = true;
      while (hasMore) {
        const due = this.#selectDue(languages, nowMs, request.maxMessages - deliveries.length);
        const poisoned = due.filter((row) => row.receive_count >= this.#maxReceiveCount);
        for (const row of poisoned) this.#bury(row, nowMs);
        for (const row of due) {
          if (!poisoned.includes(row)) deliveries.push(this.#deliver(row, nowMs + request.visibilityMs));
        }
        // What was buried leaves room for what stands behind it.
        hasMore = poisoned.length > 0;
      }
      return deliveries;
    });
  }

  #dueLanguages(languages: readonly string[], nowMs: number): readonly string[] {
    return this.#database.read(() =>
      languages.filter((language) => {
        const row = this.#statements.selectNext.get(language);
        return row !== undefined && Number(row['visible_at_ms']) <= nowMs;
      }),
    );
  }

  /** One short look per language: a single query over all of them would sort the whole backlog. */
  #selectDue(languages: readonly string[], nowMs: number, limit: number): readonly DueRow[] {
    return languages
      .flatMap((language) => rows(this.#statements.selectDue.all(language, nowMs, limit)))
      .sort((left, right) => left.visible_at_ms - right.visible_at_ms || left.id - right.id)
      .slice(0, limit);
  }

  #nextVisibleAtMs(languages: readonly string[]): number | null {
    return this.#database.read(() => {
      const times = languages
        .map((language) => this.#statements.selectNext.get(language)?.['visible_at_ms'])
        .filter((atMs) => typeof atMs === 'number');
      return times.length === 0 ? null : Math.min(...times);
    });
  }

  #deliver(row: DueRow, visibleAtMs: number): Delivery {
    this.#statements.receive.run(visibleAtMs, row.id);
    return deliveryOf(row);
  }

  #bury(row: DueRow, nowMs: number): void {
    this.#statements.insertDead.run(row.language, row.execution_id, nowMs);
    this.#statements.remove.run(row.id, row.receive_count);
  }
}

function prepareStatements(database: SqliteDatabase) {
  return {
    insert: database.prepare(
      'INSERT INTO messages (language, execution_id, sent_at_ms, visible_at_ms) VALUES (?, ?, ?, ?)',
    ),
    selectNext: database.prepare(
      'SELECT visible_at_ms FROM messages WHERE language = ? ORDER BY visible_at_ms LIMIT 1',
    ),
    selectDue: database.prepare(
      `SELECT id, language, execution_id, visible_at_ms, receive_count FROM messages
       WHERE language = ? AND visible_at_ms <= ? ORDER BY visible_at_ms, id LIMIT ?`,
    ),
    receive: database.prepare('UPDATE messages SET visible_at_ms = ?, receive_count = receive_count + 1 WHERE id = ?'),
    setVisible: database.prepare('UPDATE messages SET visible_at_ms = ? WHERE id = ? AND receive_count = ?'),
    remove: database.prepare('DELETE FROM messages WHERE id = ? AND receive_count = ?'),
    depth: database.prepare('SELECT depth FROM queue_depths WHERE language = ?'),
    insertDead: database.prepare('INSERT INTO dead_messages (language, execution_id, visible_at_ms) VALUES (?, ?, ?)'),
    selectDead: database.prepare(
      `SELECT id, language, execution_id, visible_at_ms, receive_count FROM dead_messages
       WHERE visible_at_ms <= ? ORDER BY visible_at_ms, id LIMIT ?`,
    ),
    receiveDead: database.prepare(
      'UPDATE dead_messages SET visible_at_ms = ?, receive_count = receive_count + 1 WHERE id = ?',
    ),
    removeDead: database.prepare('DELETE FROM dead_messages WHERE id = ? AND receive_count = ?'),
    showAll: database.prepare('UPDATE messages SET visible_at_ms = min(sent_at_ms, ?) WHERE visible_at_ms > ?'),
    showAllDead: database.prepare('UPDATE dead_messages SET visible_at_ms = ? WHERE visible_at_ms > ?'),
    shift: database.prepare('UPDATE messages SET sent_at_ms = sent_at_ms + ?, visible_at_ms = visible_at_ms + ?'),
    shiftDead: database.prepare('UPDATE dead_messages SET visible_at_ms = visible_at_ms + ?'),
    selectJobs: database.prepare('SELECT execution_id FROM messages UNION SELECT execution_id FROM dead_messages'),
    ping: database.prepare('SELECT 1'),
  };
}

function rows(found: readonly Record<string, unknown>[]): readonly DueRow[] {
  return found as unknown as readonly DueRow[];
}

/** The delivery that raises the row's count by one. */
function deliveryOf(row: DueRow): Delivery {
  const receiveCount = row.receive_count + 1;
  return {
    message: { executionId: row.execution_id, language: row.language },
    receipt: formatReceipt({ id: row.id, receiveCount }),
    receiveCount,
  };
}
