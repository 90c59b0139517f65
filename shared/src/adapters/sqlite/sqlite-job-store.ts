import type { StatementSync } from 'node:sqlite';
import type { FinalJob, Job, JobSource, QueuedJob } from '../../domain/index.ts';
import * as lifeCycle from '../../domain/life-cycle.ts';
import type { ClaimResult, CreateResult, FinishResult, JobStore } from '../../ports/index.ts';
import type { SqliteDatabase } from './sqlite-database.ts';

const OPEN_JOBS = `status IN ('queued', 'running')`;

/** Jobs in SQLite. Each method is one transaction around a step of the life cycle; what clients were told is synced to disk. */
export class SqliteJobStore implements JobStore {
  readonly #database: SqliteDatabase;
  readonly #statements: ReturnType<typeof prepareStatements>;

  constructor(database: SqliteDatabase) {
    this.#database = database;
    this.#statements = prepareStatements(database);
  }

  async create(job: QueuedJob, source: JobSource): Promise<CreateResult> {
    return this.#database.write('durable', () => {
      const result = lifeCycle.create(this.#read(job.executionId), job);
      if (result.kind === 'created') this.#insert(job, source);
      return result;
    });
  }

  async get(executionId: string): Promise<Job | null> {
    return this.#database.read(() => this.#read(executionId));
  }

  async getSource(executionId: string): Promise<JobSource | null> {
    const row = this.#database.read(() => this.#statements.selectSource.get(executionId));
    if (row === undefined) return null;
    return {
      code: String(row['code']),
      input: String(row['input']),
      inputEncoding: row['input_encoding'] === 'base64' ? 'base64' : 'utf8',
      args: JSON.parse(String(row['args'])) as string[],
      env: JSON.parse(String(row['env'])) as Record<string, string>,
    };
  }

  async claim(executionId: string, by: Parameters<JobStore['claim']>[1]): Promise<ClaimResult> {
    return this.#database.write('quick', () => {
      const job = this.#read(executionId);
      if (job === null) return { kind: 'not_found' };
      const result = lifeCycle.claim(job, by);
      if (result.kind === 'claimed') this.#update(result.job);
      return result;
    });
  }

  async renew(executionId: string, lease: Parameters<JobStore['renew']>[1]): Promise<boolean> {
    return this.#database.write('quick', () => {
      const job = this.#read(executionId);
      if (job === null) return false;
      const result = lifeCycle.renew(job, lease);
      if (result.kind === 'renewed') this.#update(result.job);
      return result.kind === 'renewed';
    });
  }

  async settle(executionId: string, end: Parameters<JobStore['settle']>[1]): Promise<FinishResult> {
    return this.#finish(executionId, (job) => lifeCycle.settle(job, end));
  }

  async giveUp(executionId: string, end: Parameters<JobStore['giveUp']>[1]): Promise<FinishResult> {
    return this.#finish(executionId, (job) => lifeCycle.giveUp(job, end));
  }

  async delete(executionId: string): Promise<boolean> {
    return this.#database.write('durable', () => this.#statements.remove.run(executionId).changes !== 0);
  }

  async listStale(query: { beforeMs: number; limit: number }): Promise<readonly Job[]> {
    return this.#list(this.#statements.selectStale, query.beforeMs, query.limit);
  }

  async listExpired(query: { nowMs: number; limit: number }): Promise<readonly Job[]> {
    return this.#list(this.#statements.selectExpired, query.nowMs, query.limit);
  }

  async ping(): Promise<void> {
    this.#database.read(() => this.#statements.ping.get());
  }

  /**
   * At boot, under the lock of the data folder: the process that held these leases is dead, so its jobs may be claimed at once.
   * Returns how many there were.
   */
  async voidLeases(nowMs: number): Promise<number> {
    return this.#database.write('durable', () => {
      const held = this.#statements.selectRunning
        .all()
        .map((row) => lifeCycle.voidLease(parseJob(row), nowMs))
        .filter((job) => job !== null);
      for (const job of held) this.#update(job);
      return held.length;
    });
  }

  #finish(executionId: string, step: (job: Job) => lifeCycle.FinishTransition): FinishResult {
    return this.#database.write('durable', () => {
      const job = this.#read(executionId);
      if (job === null) return { kind: 'not_found' };
      const result = step(job);
      if (result.kind === 'finished') this.#update(result.job);
      return result;
    });
  }

  #read(executionId: string): Job | null {
    const row = this.#statements.select.get(executionId);
    return row === undefined ? null : parseJob(row);
  }

  #insert(job: QueuedJob, source: JobSource): void {
    const { lastInsertRowid } = this.#statements.insert.run(
      job.executionId,
      job.status,
      job.updatedAtMs,
      job.expiresAtMs,
      JSON.stringify(job),
    );
    this.#statements.insertSource.run(
      lastInsertRowid,
      source.code,
      source.input,
      source.inputEncoding,
      JSON.stringify(source.args),
      JSON.stringify(source.env),
    );
  }

  #update(job: Exclude<Job, QueuedJob> | FinalJob): void {
    this.#statements.update.run(job.status, job.updatedAtMs, JSON.stringify(job), job.executionId);
  }

  #list(statement: StatementSync, limitMs: number, limit: number): readonly Job[] {
    return this.#database.read(() => statement.all(limitMs, limit).map(parseJob));
  }
}

function prepareStatements(database: SqliteDatabase) {
  return {
    select: database.prepare('SELECT record FROM jobs WHERE execution_id = ?'),
    selectSource: database.prepare(
      `SELECT code, input, input_encoding, args, env FROM job_sources
       WHERE job_id = (SELECT id FROM jobs WHERE execution_id = ?)`,
    ),
    insert: database.prepare(
      'INSERT INTO jobs (execution_id, status, updated_at_ms, expires_at_ms, record) VALUES (?, ?, ?, ?, ?)',
    ),
    insertSource: database.prepare(
      'INSERT INTO job_sources (job_id, code, input, input_encoding, args, env) VALUES (?, ?, ?, ?, ?, ?)',
    ),
    update: database.prepare('UPDATE jobs SET status = ?, updated_at_ms = ?, record = ? WHERE execution_id = ?'),
    remove: database.prepare('DELETE FROM jobs WHERE execution_id = ?'),
    selectStale: database.prepare(
      `SELECT record FROM jobs WHERE ${OPEN_JOBS} AND updated_at_ms < ? ORDER BY updated_at_ms LIMIT ?`,
    ),
    selectExpired: database.prepare('SELECT record FROM jobs WHERE expires_at_ms <= ? ORDER BY expires_at_ms LIMIT ?'),
    selectRunning: database.prepare(`SELECT record FROM jobs WHERE ${OPEN_JOBS} AND status = 'running'`),
    ping: database.prepare('SELECT 1'),
  };
}

function parseJob(row: Record<string, unknown>): Job {
  return JSON.parse(String(row['record'])) as Job;
}
