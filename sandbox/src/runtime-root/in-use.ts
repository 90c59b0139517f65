/**
 * Who uses what in the cache folder, so that old trees can go without pulling the ground from under a running server.
 *
 * A process that was given a folder holds a shared lock on `<cacheDir>/in-use/<kind>.<name>` until it ends, and the time of that
 * file is the last time somebody was given the folder. The lock is a POSIX record lock, taken through SQLite on an empty file:
 * the kernel releases it however the process dies, and no child inherits it. The files stay: a lock on a removed file would
 * protect nothing.
 */
import { closeSync, mkdirSync, openSync, statSync, utimesSync } from 'node:fs';
import { readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { removeTree } from './tree-files.ts';

export interface CachedFolder {
  readonly cacheDir: string;
  readonly kind: 'roots' | 'bin';
  /** Name of the folder in `<cacheDir>/<kind>`. */
  readonly name: string;
}

/** A version that is tried, and left again, is still there for those who go back to it within a week. */
export const UNUSED_AFTER_MS = 7 * 24 * 3600 * 1000;

const held = new Map<string, DatabaseSync>();

/**
 * Keeps the folder from being removed until this process ends, and notes that it is used now. Idempotent. False when it is
 * being removed at this moment. Where no lock can be had (a cache that only others may write), nothing can be removed either.
 */
export function holdUntilExit(folder: CachedFolder): boolean {
  const file = lockFile(folder);
  try {
    mkdirSync(path.dirname(file), { recursive: true });
    closeSync(openSync(file, 'a'));
    utimesSync(file, new Date(), new Date());
    if (!held.has(file)) held.set(file, lock(file, 'shared'));
    return true;
  } catch (error) {
    return !isBusy(error);
  }
}

/**
 * Removes folders of this kind that no running process holds and nobody was given for a week, with the manifests beside them.
 * Only under the build lock. One that was never noted is noted now. Returns the names of what is gone.
 */
export async function removeUnused(
  { cacheDir, kind, name: current }: CachedFolder,
  options: { readonly trashDir: string; readonly nowMs: number },
): Promise<readonly string[]> {
  const parent = path.join(cacheDir, kind);
  const entries = await readdir(parent, { withFileTypes: true });
  const gone: string[] = [];
  for (const { name } of entries.filter((entry) => entry.isDirectory() && entry.name !== current)) {
    const file = lockFile({ cacheDir, kind, name });
    mkdirSync(path.dirname(file), { recursive: true });
    closeSync(openSync(file, 'a'));
    if (options.nowMs - statSync(file).mtimeMs < UNUSED_AFTER_MS) continue;
    const alone = lockAlone(file);
    if (alone === null) continue;
    try {
      const trash = path.join(options.trashDir, `${kind}.${name}`);
      await rename(path.join(parent, name), trash);
      await rm(path.join(parent, `${name}.json`), { force: true });
      await removeTree(trash);
      gone.push(name);
    } finally {
      alone.close();
    }
  }
  return gone;
}

function lockFile({ cacheDir, kind, name }: CachedFolder): string {
  return path.join(cacheDir, 'in-use', `${kind}.${name}`);
}

/** Null when a running process holds it. */
function lockAlone(file: string): DatabaseSync | null {
  // A second connection of one process would be let in beside the first.
  if (held.has(file)) return null;
  try {
    return lock(file, 'exclusive');
  } catch (error) {
    if (isBusy(error)) return null;
    throw error;
  }
}

function lock(file: string, kind: 'shared' | 'exclusive'): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: 0 });
  try {
    // Nothing is ever written, so the file stays empty and no journal appears beside it. A read takes the shared lock, and
    // the transaction keeps it.
    database.exec(`PRAGMA journal_mode = MEMORY; ${kind === 'shared' ? 'BEGIN' : 'BEGIN EXCLUSIVE'}`);
    database.prepare('SELECT count(*) FROM sqlite_schema').get();
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY;
}

/** Result code of sqlite.org/rescode.html. */
const SQLITE_BUSY = 5;
