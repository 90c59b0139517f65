import { chmod, chown, lstat, mkdir } from 'node:fs/promises';
import { LauncherFailure } from '../socket/launcher-failure.ts';

export interface SocketUser {
  readonly uid: number;
  readonly gid: number;
}

/** Root's alone to change, the user's group may pass through, nobody else. */
const FOLDER_MODE = 0o710;

/**
 * A folder that only root and one group can enter and only root can change, so that the socket in it can be neither reached
 * by others nor replaced by those who reach it. Throws LauncherFailure when something else stands there.
 */
export async function prepareSocketFolder(folder: string, user: SocketUser): Promise<void> {
  await mkdir(folder, { mode: 0o700 }).catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  });
  const stats = await lstat(folder);
  if (!stats.isDirectory() || stats.uid !== 0) throw new LauncherFailure(`${folder} is no folder of root's`);
  await chown(folder, 0, user.gid);
  await chmod(folder, FOLDER_MODE);
}
