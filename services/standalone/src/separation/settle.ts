import { chmodSync, lchownSync, lstatSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { DataDirectory } from '@runyard/shared/adapters/filesystem';
import type { ServerUser } from './choose-user.ts';
import { giveDataFolder } from './data-folder.ts';
import { hangUpOnEngines } from './open-connections.ts';
import { asUser, becomeUser } from './privileges.ts';
import { explainReach } from './reach.ts';

const ROOT = { uid: 0, gid: 0 } as const;
const FOLDER_MODE = 0o700;

/**
 * The data folder with its lock, opened with the rights of the one who will use it: root never opens what that user could
 * have put there. `user` null: this process stays who it is. Throws StartupError.
 */
export function openDataFolder(folder: string, user: ServerUser | null, isRoot: boolean): DataDirectory {
  if (user === null) {
    if (isRoot) giveDataFolder(folder, ROOT);
    return DataDirectory.open(folder);
  }
  giveDataFolder(folder, user);
  try {
    return asUser(user, () => DataDirectory.open(folder));
  } catch (error) {
    throw explainReach(folder, user, error);
  }
}

/** A folder of the user's own in the cache folder, for what is only worth remembering; its name. */
export function sampleFolderOf(user: ServerUser | null): string {
  return user === null ? 'samples' : `samples-${user.uid}`;
}

/** The last act of root. Throws StartupError when anything of its rights is left. */
export function settleInto(user: ServerUser, cacheDir: string): void {
  const folder = path.join(cacheDir, sampleFolderOf(user));
  mkdirSync(folder, { recursive: true, mode: FOLDER_MODE });
  if (lstatSync(folder).isDirectory()) {
    lchownSync(folder, user.uid, user.gid);
    chmodSync(folder, FOLDER_MODE);
  }
  hangUpOnEngines();
  becomeUser(user);
}
