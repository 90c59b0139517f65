/**
 * One SQLite file for jobs and queue, used by one process (the data folder's lock sees to that) through one connection.
 *
 * What survives what: write-ahead logging keeps every committed transaction through the death of the process (`kill -9`), because the
 * pages are with the kernel. Through a power cut only what was synced: a `durable` write syncs the log at its commit, and with it all
 * commits before it; a `quick` write does not. So what a power cut can take is always the newest quick writes: a message (the sweeper
 * sends it again), a claim or a renewal (the worker is gone as well), the removal of a message (it comes again and finds a final job).
 *
 * Every statement runs on the event loop's thread, so statements are prepared once and touch few rows.
 */
import { chmodSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { DependencyUnavailableError, StartupError } from '../../errors/index.ts';
import { MIGRATIONS } from './migrations.ts';

/** How long a write waits for another process on the same file, such as a backup. It blocks the event loop, so not long. */
const BUSY_TIMEOUT_MS = 2_000;

export type Durability = 'durable' | 'quick';

export class SqliteDatabase {
  readonly #database: DatabaseSync;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  #syncMode: Durability = 'durable';

  /**
   * Opens or creates the file and brings its schema up to date.
   * @throws StartupError when it is no database of ours, comes from a newer version, or its file system cannot do write-ahead logging.
   */
  static open(path: string): SqliteDatabase {
    let database: DatabaseSync | undefined;
    try {
      database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS, enableForeignKeyConstraints: true });
      // Its log and index files take the mode of the file itself.
      chmodSync(path, 0o600);
      requireWriteAheadLog(database, path);
      database.exec('PRAGMA synchronous = FULL');
      migrate(database, path);
      return new SqliteDatabase(database);
    } catch (error) {
      if (database?.isOpen === true) database.close();
      if (error instanceof StartupError) throw error;
      throw new StartupError(`The database ${path} cannot be opened: ${String(error)}.`, { cause: error });
    }
  }

  private constructor(database: DatabaseSync) {
    this.#database = database;
    this.#begin = database.prepare('BEGIN IMMEDIATE');
    this.#commit = database.prepare('COMMIT');
  }

  prepare(sql: string): StatementSync {
    return this.#database.prepare(sql);
  }

  /** @throws DependencyUnavailableError when SQLite does not answer. */
  read<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw unavailable(error);
    }
  }

  /**
   * Runs `work` in one transaction: all of it, or nothing when it throws. No other transaction runs between its reads and its writes.
   * @throws DependencyUnavailableError when SQLite refuses; then nothing was written.
   */
  write<T>(durability: Durability, work: () => T): T {
    try {
      this.#setSyncMode(durability);
      this.#begin.run();
      const result = work();
      this.#commit.run();
      return result;
    } catch (error) {
      if (this.#database.isOpen && this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw unavailable(error);
    }
  }

  /** By `exec`, never a prepared statement: SQLite carries this pragma out when it is compiled, not when it is run. */
  #setSyncMode(durability: Durability): void {
    if (durability === this.#syncMode) return;
    this.#database.exec(durability === 'durable' ? 'PRAGMA synchronous = FULL' : 'PRAGMA synchronous = NORMAL');
    this.#syncMode = durability;
  }

  /** Moves the log into the file and closes it. Idempotent. */
  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function requireWriteAheadLog(database: DatabaseSync, path: string): void {
  const row = database.prepare('PRAGMA journal_mode = WAL').get();
  if (row?.['journal_mode'] !== 'wal') {
    throw new StartupError(
      `The file system of ${path} does not allow write-ahead logging (network file systems do not). Choose a data folder on a local disk.`,
    );
  }
}

function migrate(database: DatabaseSync, path: string): void {
  const found = Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
  if (found > MIGRATIONS.length) {
    throw new StartupError(
      `The database ${path} was written by a newer version (schema ${found}, this one knows ${MIGRATIONS.length}).`,
    );
  }
  for (let version = found + 1; version <= MIGRATIONS.length; version += 1) {
    database.exec(`BEGIN IMMEDIATE; ${MIGRATIONS[version - 1] ?? ''}; PRAGMA user_version = ${version}; COMMIT`);
  }
}

function unavailable(cause: unknown): DependencyUnavailableError {
  const isFull = cause instanceof Error && 'errcode' in cause && cause.errcode === SQLITE_FULL;
  const message = isFull ? 'The disk that the database is on is full.' : 'The database does not answer.';
  return new DependencyUnavailableError(message, { cause });
}

/** Result code of sqlite.org/rescode.html. */
const SQLITE_FULL = 13;
