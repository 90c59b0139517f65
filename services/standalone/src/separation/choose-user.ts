import { findUser, parseUser, type UnixUser } from '@runyard/launcher';
import { StartupError } from '@runyard/shared/errors';

/** Above the range that programs run under (200000..209999). */
const DEFAULT_ID = 210_000;
const DEFAULT_NAME = 'runyard';
/** What programs run as: a server that is one of them could be signalled by a program. */
const PROGRAMS = { first: 200_000, last: 209_999 } as const;

export interface ServerUser extends UnixUser {
  /** For a person. */
  readonly name: string;
}

/**
 * Whom a server that was started as root will be once everything privileged has been started; null: it stays root, because
 * RUNYARD_USER says so. Throws StartupError.
 */
export function chooseUser(wanted: string | null, passwd?: string): ServerUser | null {
  if (wanted === 'root' || wanted === '0') return null;
  if (wanted !== null) return checked({ name: wanted, ...parseUser('RUNYARD_USER', wanted, passwd) });
  const known = findUser(DEFAULT_NAME, passwd);
  return checked(
    known === null ? { name: String(DEFAULT_ID), uid: DEFAULT_ID, gid: DEFAULT_ID } : { name: DEFAULT_NAME, ...known },
  );
}

function checked(user: ServerUser): ServerUser {
  if (user.uid === 0 || user.gid === 0)
    throw new StartupError(
      `RUNYARD_USER=${user.name} has root's rights, or its group's.\nChoose another user, or RUNYARD_USER=root to stay root knowingly.`,
    );
  if (user.uid >= PROGRAMS.first && user.uid <= PROGRAMS.last)
    throw new StartupError(
      `RUNYARD_USER=${user.name}: ${PROGRAMS.first} to ${PROGRAMS.last} are the users of programs.`,
    );
  return user;
}
