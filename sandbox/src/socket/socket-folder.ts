import { chmod, chown, lstat, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { LauncherFailure } from './launcher-failure.ts';

/** Root's alone to change; the group of who may connect passes and lists nothing; others may not even pass. */
const FOLDER_MODE = 0o710;
/** Of the folders above it: all may pass, and see nothing. What stands in them has modes of its own. */
const PASSAGE_MODE = 0o711;
/** A bit of write for the group or for others. */
const WRITE_OF_OTHERS = 0o022;

/**
 * The folder of a launcher's socket. A missing one is made for root and the group `gid` (null: for its owner alone), with
 * missing ones above it. One that is there stays as it is, but it must be a folder of root's (or of this process) that
 * others cannot write to: whoever can could put a socket of his own there. Throws LauncherFailure.
 */
export async function prepareSocketFolder(folder: string, gid: number | null): Promise<void> {
  await makePassage(path.dirname(folder));
  const isNew = (await mkdir(folder, { recursive: true, mode: 0o700 })) !== undefined;
  if (isNew && gid !== null) await giveToGroup(folder, gid);
  const stats = await lstat(folder);
  if (!stats.isDirectory()) throw new LauncherFailure(`${folder} is no folder`);
  const isOurs = stats.uid === 0 || stats.uid === process.getuid?.();
  if (!isOurs || (stats.mode & WRITE_OF_OTHERS) !== 0)
    throw new LauncherFailure(`others may write to ${folder}: a socket there could be replaced`);
}

/** A user's own folder below the state folder of the launchers. Its path. Needs root; throws LauncherFailure. */
export async function prepareUserFolder(stateDir: string, user: { uid: number; gid: number }): Promise<string> {
  await makePassage(stateDir);
  await chmod(stateDir, PASSAGE_MODE);
  const folder = path.join(stateDir, `for-${user.uid}`);
  await prepareSocketFolder(folder, user.gid);
  // The user may have had another group before.
  await giveToGroup(folder, user.gid);
  return folder;
}

async function giveToGroup(folder: string, gid: number): Promise<void> {
  await chown(folder, process.getuid?.() ?? 0, gid);
  await chmod(folder, FOLDER_MODE);
}

/** Modes are set apart from mkdir, since the umask may take them away. */
async function makePassage(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let made = folder; made.length >= first.length; made = path.dirname(made)) await chmod(made, PASSAGE_MODE);
}
