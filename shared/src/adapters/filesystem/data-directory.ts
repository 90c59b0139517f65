/**
 * The folder that holds everything an embedded server keeps:
 *   runyard.db   jobs and queue      artifacts/   outputs      secret   signs links      lock   held while a server runs
 *
 * The lock is a POSIX record lock, taken through SQLite on an empty file: the kernel releases it when the process dies, however it
 * dies, and no child inherits it. There is no stale lock to remove by hand.
 */
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StartupError } from '../../errors/index.ts';

const SECRET_BYTES = 32;

export class DataDirectory {
  readonly path: string;
  /** 32 random bytes that only this folder has; made at the first start and kept. */
  readonly secret: Uint8Array;
  readonly #lock: DatabaseSync;

  /**
   * Creates the folder (0700) when missing and takes its lock until `close` or the end of the process.
   * @throws StartupError when another server holds the lock, or the folder cannot be used.
   */
  static open(path: string): DataDirectory {
    const folder = resolve(path);
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw new StartupError(`The data folder ${folder} cannot be made: ${String(error)}.`, { cause: error });
    }
    const lock = takeLock(folder);
    try {
      return new DataDirectory(folder, lock, readOrMakeSecret(join(folder, 'secret')));
    } catch (error) {
      lock.close();
      if (error instanceof StartupError) throw error;
      throw new StartupError(`The data folder ${folder} cannot be used: ${String(error)}.`, { cause: error });
    }
  }

  private constructor(path: string, lock: DatabaseSync, secret: Uint8Array) {
    this.path = path;
    this.secret = secret;
    this.#lock = lock;
  }

  get databasePath(): string {
    return join(this.path, 'runyard.db');
  }

  get artifactsPath(): string {
    return join(this.path, 'artifacts');
  }

  /** Lets another server have the folder. Idempotent; close what uses the folder first. */
  close(): void {
    if (this.#lock.isOpen) this.#lock.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function takeLock(folder: string): DatabaseSync {
  const path = join(folder, 'lock');
  let lock: DatabaseSync | undefined;
  try {
    lock = new DatabaseSync(path, { timeout: 0 });
    // Nothing is ever written to it, so no journal file appears beside it.
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock?.close();
    if (error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY) {
      throw new StartupError(
        `Another server uses the data folder ${folder}. Stop it, or set RUNYARD_DATA_DIR to another folder.`,
        { cause: error },
      );
    }
    throw new StartupError(`The lock ${path} cannot be taken: ${String(error)}.`, { cause: error });
  }
}

/** Result code of sqlite.org/rescode.html. */
const SQLITE_BUSY = 5;

function readOrMakeSecret(path: string): Uint8Array {
  if (!existsSync(path)) makeSecret(path);
  chmodSync(path, 0o600);
  const secret = Buffer.from(readFileSync(path, 'utf8').trim(), 'hex');
  if (secret.length !== SECRET_BYTES) {
    throw new StartupError(
      `The file ${path} does not hold ${SECRET_BYTES} bytes in hexadecimal. Restore it, or remove it: links made before then stop working.`,
    );
  }
  return secret;
}

/** Whole or not at all, even when the power goes: a server that made a new secret would break every link it gave out. */
function makeSecret(path: string): void {
  const temporaryPath = `${path}.new`;
  const descriptor = openSync(temporaryPath, 'w', 0o600);
  try {
    writeSync(descriptor, `${randomBytes(SECRET_BYTES).toString('hex')}\n`);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(temporaryPath, path);
}
