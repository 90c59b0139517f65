import { chmodSync, type Dirent, lchownSync, lstatSync, mkdirSync, readdirSync, type Stats } from 'node:fs';
import path from 'node:path';
import { StartupError } from '@runyard/shared/errors';
import type { UnixUser } from '@runyard/launcher';

const FOLDER_MODE = 0o700;
const PARENT_MODE = 0o755;

/**
 * Makes the data folder `user`'s, as root, before this process becomes that user: a new folder, one that a server of root's
 * left, or one of another user. Nothing in it is opened. True when an existing one changed hands.
 *
 * The folder is root's alone while its content is given away, so that nobody can put links in the way; it changes hands
 * last, so a folder of the user's is one whose content is. Throws StartupError.
 */
export function giveDataFolder(folder: string, user: UnixUser): boolean {
  try {
    mkdirSync(path.dirname(folder), { recursive: true, mode: PARENT_MODE });
    const isNew = makeFolder(folder);
    const stats = lstatSync(folder);
    if (!stats.isDirectory()) throw new StartupError(`The data folder ${folder} is no folder.`);
    if (!isNew && isWhollyOf(folder, stats, user)) return false;
    lchownSync(folder, 0, 0);
    chmodSync(folder, FOLDER_MODE);
    giveContent(folder, user);
    lchownSync(folder, user.uid, user.gid);
    return !isNew;
  } catch (error) {
    if (error instanceof StartupError) throw error;
    throw new StartupError(`The data folder ${folder} cannot be given to uid ${user.uid}: ${String(error)}.`, {
      cause: error,
    });
  }
}

function makeFolder(folder: string): boolean {
  try {
    mkdirSync(folder, { mode: FOLDER_MODE });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

/** A server of root's leaves files of its own at the top, whatever else it wrote. */
function isWhollyOf(folder: string, stats: Stats, user: UnixUser): boolean {
  const entries = readdirSync(folder).map((name) => lstatSync(path.join(folder, name)));
  return [stats, ...entries].every(({ uid, gid }) => uid === user.uid && gid === user.gid);
}

function giveContent(folder: string, user: UnixUser): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) giveEntry(folder, entry, user);
}

function giveEntry(folder: string, entry: Dirent, user: UnixUser): void {
  const file = path.join(folder, entry.name);
  if (entry.isDirectory()) {
    lchownSync(file, 0, 0);
    giveContent(file, user);
  } else if (!entry.isFile()) {
    throw new StartupError(`${file} is neither a file nor a folder: remove it from the data folder.`);
  } else if (lstatSync(file).nlink > 1) {
    // It has another name elsewhere, and whoever it is given to could change what stands there.
    throw new StartupError(`${file} has a second name somewhere (a hard link): copy it, and remove the link.`);
  }
  lchownSync(file, user.uid, user.gid);
}
