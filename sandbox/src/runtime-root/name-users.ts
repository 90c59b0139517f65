import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** All user ids that a sandbox may lease, whichever launcher made it; the group has the same number. */
export const LEASED_USERS = {
  first: 200_000,
  last: 209_999,
  /** One for all, so that a program prints the same whichever id it was leased. */
  name: 'runyard',
  home: '/box',
} as const;

const { first: FIRST_UID, last: LAST_UID, name: NAME, home: HOME } = LEASED_USERS;

/**
 * Gives the leased ids a name: `whoami`, Node's `os.userInfo()` and Python's `pwd` fail for an id without an entry. 600 KB of text that are read only by who asks, and then up to the first match.
 */
export async function nameUsers(tree: string): Promise<void> {
  const uids = Array.from({ length: LAST_UID - FIRST_UID + 1 }, (_, index) => FIRST_UID + index);
  await addEntries(path.join(tree, 'etc/passwd'), (uid) => `${NAME}:x:${uid}:${uid}::${HOME}:/bin/sh`, uids);
  await addEntries(path.join(tree, 'etc/group'), (gid) => `${NAME}:x:${gid}:`, uids);
}

/** Idempotent. */
async function addEntries(file: string, entry: (id: number) => string, ids: readonly number[]): Promise<void> {
  const text = await readFile(file, 'utf8');
  const others = text.split('\n').filter((line) => line !== '' && !line.startsWith(`${NAME}:`));
  await writeFile(file, [...others, ...ids.map(entry), ''].join('\n'));
}
