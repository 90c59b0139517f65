import { randomUUID } from 'node:crypto';
import { closeSync, fsync, linkSync, mkdirSync, openSync, rmSync, write, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const fsyncAsync = promisify(fsync);
const writeAsync = promisify(write);

/** Up to here a write into the page cache takes less time than handing it to another thread. */
const SYNC_WRITE_BYTES = 64 * 1024;

/**
 * Writes a whole new file or nothing, and returns when it would survive a power cut: temporary file, sync, link, sync of the folders.
 * Fails with EEXIST when there is a file already, and leaves that as it is. Opening and linking are done on this thread (some microseconds each), waiting for the disk is not.
 * `temporaryFolder` is on the same file system; what a crash leaves there may be removed at any start.
 */
export async function writeFileAtomically(
  path: string,
  body: Uint8Array,
  options: { readonly temporaryFolder: string; readonly mode: number },
): Promise<void> {
  const temporaryPath = join(options.temporaryFolder, randomUUID());
  try {
    await writeSynced(temporaryPath, body, options.mode);
    const newFolders = makeFolders(dirname(path));
    linkSync(temporaryPath, path);
    // Innermost first; on journaling file systems the first sync writes the others as well.
    for (const folder of [dirname(path), ...newFolders.map((created) => dirname(created))]) await syncFolder(folder);
  } finally {
    rmSync(temporaryPath, { force: true });
  }
}

async function writeSynced(path: string, body: Uint8Array, mode: number): Promise<void> {
  const descriptor = openSync(path, 'wx', mode);
  try {
    await writeAll(descriptor, body);
    await fsyncAsync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

async function writeAll(descriptor: number, body: Uint8Array): Promise<void> {
  for (let offset = 0; offset < body.length;) {
    const length = body.length - offset;
    offset +=
      length <= SYNC_WRITE_BYTES
        ? writeSync(descriptor, body, offset, length)
        : (await writeAsync(descriptor, body, offset, length, null)).bytesWritten;
  }
}

async function syncFolder(path: string): Promise<void> {
  const descriptor = openSync(path, 'r');
  try {
    await fsyncAsync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Creates what is missing; returns the created folders, innermost first. */
function makeFolders(path: string): string[] {
  const first = mkdirSync(path, { recursive: true, mode: 0o700 });
  if (first === undefined) return [];
  const created = [path];
  for (let folder = path; folder !== first; folder = dirname(folder)) created.push(dirname(folder));
  return created;
}
