import { mkdirSync, rmSync } from 'node:fs';
import { open, readdir, rm, rmdir, statfs } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { embeddedPath, isObjectKey, keyOfEmbeddedPath } from '../../domain/index.ts';
import {
  AppError,
  ArtifactExistsError,
  DependencyUnavailableError,
  InternalError,
  StartupError,
} from '../../errors/index.ts';
import type { ArtifactStore, Clock, SignedUrl } from '../../ports/index.ts';
import { formatArtifactLink } from './artifact-link.ts';
import { writeFileAtomically } from './atomic-write.ts';

/** No object key has a part that starts with a dot. */
const TEMPORARY_FOLDER = '.tmp';

export interface FilesystemArtifactStoreOptions {
  /** Created when missing. One process writes to it. */
  readonly directory: string;
  /** Signs links; see `DataDirectory.secret`. */
  readonly secret: Uint8Array;
  /** Where clients reach the gateway, such as `http://127.0.0.1:8080`. Asked for each link: the port may be known late. */
  readonly publicBaseUrl: () => string;
  readonly clock: Clock;
  /** Free space below which the store counts as full. */
  readonly minFreeBytes?: number;
}

/** The largest output of one job (16 MiB), kept whole and as its two streams, with some room. */
const MIN_FREE_BYTES = 64 * 1024 * 1024;

/** Objects as files: the key is the path below the folder. Paths look like `artifact:///outputs/<id>/1/stdout`. */
export class FilesystemArtifactStore implements ArtifactStore {
  readonly #directory: string;
  readonly #secret: Uint8Array;
  readonly #publicBaseUrl: () => string;
  readonly #clock: Clock;
  readonly #temporaryFolder: string;
  readonly #minFreeBytes: number;

  /** @throws StartupError when the folder cannot be made. */
  constructor(options: FilesystemArtifactStoreOptions) {
    this.#directory = options.directory;
    this.#secret = options.secret;
    this.#publicBaseUrl = options.publicBaseUrl;
    this.#clock = options.clock;
    this.#minFreeBytes = options.minFreeBytes ?? MIN_FREE_BYTES;
    this.#temporaryFolder = join(options.directory, TEMPORARY_FOLDER);
    try {
      // What a crash left half written.
      rmSync(this.#temporaryFolder, { recursive: true, force: true });
      mkdirSync(this.#temporaryFolder, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw new StartupError(`The artifacts folder ${options.directory} cannot be used: ${String(error)}.`, {
        cause: error,
      });
    }
  }

  /** The content type is not kept: the gateway knows it from the key. */
  async put(key: string, body: Uint8Array): Promise<string> {
    if (!isObjectKey(key)) throw new InternalError(new Error(`not an object key: ${key}`));
    await translated(() => this.#writeOnce(key, body));
    return embeddedPath(key);
  }

  async get(path: string, range?: { offset: number; length: number }): Promise<Uint8Array | null> {
    const key = keyOfEmbeddedPath(path);
    if (key === null) return null;
    return translated(() => readRange(join(this.#directory, key), range));
  }

  async signUrl(path: string, options: { expiresInMs: number; fileName: string }): Promise<SignedUrl> {
    const key = keyOfEmbeddedPath(path);
    if (key === null) throw new InternalError(new Error(`not an artifact path: ${path}`));
    const expiresAtSec = Math.ceil((this.#clock.nowMs() + options.expiresInMs) / 1000);
    const link = { key, expiresAtSec, fileName: options.fileName };
    return { url: formatArtifactLink(this.#secret, this.#publicBaseUrl(), link), expiresAtMs: expiresAtSec * 1000 };
  }

  async deletePrefix(keyPrefix: string): Promise<void> {
    // `outputs/x/` names a folder; `outputs/x` also its neighbours `outputs/xy`.
    const isFolder = keyPrefix.endsWith('/');
    const key = isFolder ? keyPrefix.slice(0, -1) : keyPrefix;
    if (!isObjectKey(key)) throw new InternalError(new Error(`not a key prefix: ${keyPrefix}`));
    const path = join(this.#directory, key);
    await translated(() => (isFolder ? rm(path, { recursive: true, force: true }) : removeMatching(path)));
    await this.#removeEmptyParents(dirname(path));
  }

  /** A folder that is there but full does not answer either: jobs would run and their outputs would not be kept. */
  async ping(): Promise<void> {
    const { bavail, bsize } = await translated(() => statfs(this.#temporaryFolder));
    if (bavail * bsize < this.#minFreeBytes) {
      throw new DependencyUnavailableError('The disk that outputs are kept on is full.');
    }
  }

  async #writeOnce(key: string, body: Uint8Array): Promise<void> {
    const path = join(this.#directory, key);
    try {
      await writeFileAtomically(path, body, { temporaryFolder: this.#temporaryFolder, mode: 0o600 });
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error;
      const existing = await readRange(path, undefined);
      // A file where a folder would have to be says the same.
      if (existing === null) throw error;
      if (Buffer.compare(existing, body) !== 0) throw new ArtifactExistsError(key);
    }
  }

  async #removeEmptyParents(folder: string): Promise<void> {
    for (let current = folder; current.length > this.#directory.length; current = dirname(current)) {
      try {
        await rmdir(current);
      } catch {
        // Not empty, or gone: nothing above it is ours to remove either.
        return;
      }
    }
  }
}

async function readRange(
  path: string,
  range: { readonly offset: number; readonly length: number } | undefined,
): Promise<Uint8Array | null> {
  let file;
  try {
    file = await open(path, 'r');
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return null;
    throw error;
  }
  await using opened = file;
  const stats = await opened.stat();
  if (!stats.isFile()) return null;
  const start = Math.min(range?.offset ?? 0, stats.size);
  const buffer = Buffer.allocUnsafe(Math.min(range?.length ?? stats.size, stats.size - start));
  for (let filled = 0; filled < buffer.length;) {
    const { bytesRead } = await opened.read(buffer, filled, buffer.length - filled, start + filled);
    if (bytesRead === 0) return buffer.subarray(0, filled);
    filled += bytesRead;
  }
  return buffer;
}

async function removeMatching(path: string): Promise<void> {
  const folder = dirname(path);
  const names = await readdir(folder).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  });
  for (const name of names) {
    if (name.startsWith(basename(path))) await rm(join(folder, name), { recursive: true, force: true });
  }
}

async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new DependencyUnavailableError('The artifact store does not answer.', { cause: error });
  }
}

function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}
