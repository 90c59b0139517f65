import type { StatementSync } from 'node:sqlite';
import { embeddedPath, isObjectKey, keyOfEmbeddedPath } from '../../domain/index.ts';
import { ArtifactExistsError, InternalError } from '../../errors/index.ts';
import type { ArtifactStore, SignedUrl } from '../../ports/index.ts';
import type { SqliteDatabase } from './sqlite-database.ts';

/** Most outputs are a few lines. Up to this size a row costs a twentieth of a synced file (measured 2026-11), and no inode. */
const MAX_ROW_BYTES = 16 * 1024;

/**
 * Small objects as rows, the others in `large` (the folder), which also signs the links of both. Paths are the same.
 * A row is written without a sync of its own: the settle that names it syncs the log, and with it the row before it.
 */
export class SqliteArtifactStore implements ArtifactStore {
  readonly #database: SqliteDatabase;
  readonly #large: ArtifactStore;
  /** Writes under way, by key: two of one key, of which one becomes a row and one a file, must see each other. */
  readonly #writing = new Map<string, Promise<unknown>>();
  readonly #insert: StatementSync;
  readonly #select: StatementSync;
  readonly #removeRange: StatementSync;

  constructor(database: SqliteDatabase, large: ArtifactStore) {
    this.#database = database;
    this.#large = large;
    this.#insert = database.prepare('INSERT INTO artifacts (key, body) VALUES (?, ?)');
    this.#select = database.prepare('SELECT body FROM artifacts WHERE key = ?');
    this.#removeRange = database.prepare('DELETE FROM artifacts WHERE key >= ? AND key < ?');
  }

  async put(key: string, body: Uint8Array, options: { contentType: string }): Promise<string> {
    if (!isObjectKey(key)) throw new InternalError(new Error(`not an object key: ${key}`));
    const before = this.#writing.get(key);
    const write = (async () => {
      await before?.catch(() => undefined);
      return this.#putAlone(key, body, options);
    })();
    this.#writing.set(key, write);
    try {
      return await write;
    } finally {
      if (this.#writing.get(key) === write) this.#writing.delete(key);
    }
  }

  async get(path: string, range?: { offset: number; length: number }): Promise<Uint8Array | null> {
    const key = keyOfEmbeddedPath(path);
    if (key === null) return null;
    const body = this.#find(key);
    if (body === null) return this.#large.get(path, range);
    return range === undefined ? body : body.subarray(range.offset, range.offset + range.length);
  }

  async signUrl(path: string, options: { expiresInMs: number; fileName: string }): Promise<SignedUrl> {
    return this.#large.signUrl(path, options);
  }

  async deletePrefix(keyPrefix: string): Promise<void> {
    await this.#large.deletePrefix(keyPrefix);
    this.#database.write('durable', () => this.#removeRange.run(keyPrefix, firstAfter(keyPrefix)));
  }

  async ping(): Promise<void> {
    await this.#large.ping();
  }

  async #putAlone(key: string, body: Uint8Array, options: { contentType: string }): Promise<string> {
    const path = embeddedPath(key);
    const existing = this.#find(key) ?? (body.length <= MAX_ROW_BYTES ? await this.#large.get(path) : null);
    if (existing !== null) {
      if (Buffer.compare(existing, body) !== 0) throw new ArtifactExistsError(key);
      return path;
    }
    if (body.length > MAX_ROW_BYTES) return this.#large.put(key, body, options);
    this.#database.write('quick', () => this.#insert.run(key, body));
    return path;
  }

  #find(key: string): Uint8Array | null {
    const body = this.#database.read(() => this.#select.get(key)?.['body']);
    return body instanceof Uint8Array ? body : null;
  }
}

/** The first text that is greater than all texts with this prefix; keys are ASCII, so the next character exists. */
function firstAfter(prefix: string): string {
  return prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);
}
