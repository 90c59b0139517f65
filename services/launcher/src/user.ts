import { readFileSync } from 'node:fs';
import { StartupError } from '@runyard/shared/errors';

export interface UnixUser {
  readonly uid: number;
  readonly gid: number;
}

/** Linux keeps the last value for "nobody in particular". */
const MAX_ID = 2 ** 32 - 2;
/** Columns of /etc/passwd and /etc/group. */
const ID_COLUMN = 2;
const GROUP_COLUMN = 3;

/** `name`, `uid` or `uid:gid`; a uid alone is its own group's number. Throws StartupError. */
export function parseUser(variable: string, text: string, passwd: string = readAccounts('passwd')): UnixUser {
  const [, uid, gid] = /^(\d+)(?::(\d+))?$/.exec(text) ?? [];
  if (uid !== undefined) return { uid: toId(variable, uid), gid: toId(variable, gid ?? uid) };
  const user = findUser(text, passwd);
  if (user === null) {
    throw new StartupError(
      `${variable}=${text}: there is no such user here.\nMake it (useradd --system ${text}), or give numbers (uid:gid).`,
    );
  }
  return user;
}

/** Null when /etc/passwd has none of that name. */
export function findUser(name: string, passwd: string = readAccounts('passwd')): UnixUser | null {
  const columns = findLine(name, passwd);
  const uid = columns?.[ID_COLUMN];
  const gid = columns?.[GROUP_COLUMN];
  return uid === undefined || gid === undefined ? null : { uid: Number(uid), gid: Number(gid) };
}

/** `name` or gid. Throws StartupError. */
export function parseGroup(variable: string, text: string, group: string = readAccounts('group')): number {
  if (/^\d+$/.test(text)) return toId(variable, text);
  const gid = findLine(text, group)?.[ID_COLUMN];
  if (gid === undefined) throw new StartupError(`${variable}=${text}: there is no such group here.`);
  return Number(gid);
}

function findLine(name: string, accounts: string): readonly string[] | undefined {
  return accounts
    .split('\n')
    .map((line) => line.split(':'))
    .find(([first]) => first === name);
}

function toId(variable: string, digits: string): number {
  const id = Number(digits);
  if (id > MAX_ID) throw new StartupError(`${variable}: ${digits} is no user or group number.`);
  return id;
}

function readAccounts(file: 'passwd' | 'group'): string {
  try {
    return readFileSync(`/etc/${file}`, 'utf8');
  } catch {
    return '';
  }
}
