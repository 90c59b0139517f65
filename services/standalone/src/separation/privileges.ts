/**
 * Giving root's rights up, once and for good.
 *
 * Node has no prctl: no-new-privs comes from setpriv, which this process becomes and which becomes this process again, at the
 * very start. uid, gid and groups are dropped by Node itself, for all its threads, after everything privileged has been
 * started; a process whose uids were all changed from 0 loses its capabilities by that (capabilities(7)), and without
 * new privileges no program it may execute gives them back.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { StartupError } from '@runyard/shared/errors';
import type { UnixUser } from '@runyard/launcher';

const SETPRIV = ['/usr/bin/setpriv', '/bin/setpriv'];
/** Tells the second life of the process that there was a first one. */
const MARK = 'RUNYARD_REEXECUTED';
const NO_CAPABILITY = /^0+$/;

/**
 * Returns in a process that can never gain privileges by executing a program, where util-linux's setpriv is to be had. What
 * is root stays root.
 */
export function renounceNewPrivileges(environment: NodeJS.ProcessEnv): void {
  const isSecondLife = environment[MARK] !== undefined;
  if (isSecondLife || statusOf('self')['NoNewPrivs'] === '1' || process.execve === undefined) return;
  const again = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  for (const setpriv of SETPRIV) {
    try {
      process.execve(setpriv, ['setpriv', '--no-new-privs', '--', ...again], { ...environment, [MARK]: '1' });
    } catch {
      // Not there, or not permitted: the next one, or none.
    }
  }
}

/**
 * A host without memory takes somebody else first. Programs can lower their own score to 0 and no further (abuse case R20), so
 * anything below protects; it stays over the change of user, and the launcher, which inherits it, gives none of it to places.
 */
export function preferOthersForOom(): void {
  try {
    writeFileSync('/proc/self/oom_score_adj', '-900');
  } catch {
    // A container without CAP_SYS_RESOURCE: its own operator sets it.
  }
}

/** What is done here is done with the rights of `user`, on files too. For what takes one turn of the event loop only. */
export function asUser<T>(user: UnixUser, work: () => T): T {
  process.setegid?.(user.gid);
  process.seteuid?.(user.uid);
  try {
    return work();
  } finally {
    process.seteuid?.(0);
    process.setegid?.(0);
  }
}

/** Root's other groups go first of all: no part of the server needs them. */
export function dropGroups(): void {
  process.setgroups?.([]);
}

/** Becomes `user` for good and proves it. Throws StartupError when anything is left. */
export function becomeUser(user: UnixUser): void {
  process.setgroups?.([]);
  process.setgid?.(user.gid);
  process.setuid?.(user.uid);
  const left = remainingRights(user);
  if (left !== null) throw new StartupError(`This process could not give root's rights up: ${left}.`);
}

/** What this process could still do or be, in words; null when nothing. Looks at every thread. */
function remainingRights(user: UnixUser): string | null {
  for (const thread of readdirSync('/proc/self/task')) {
    const problem = problemOf(statusOf(`self/task/${thread}`), user);
    if (problem !== null) return `${problem} (thread ${thread})`;
  }
  for (const [name, gain] of Object.entries(GAINS)) {
    try {
      gain();
    } catch {
      continue;
    }
    return `${name} succeeds`;
  }
  return null;
}

const GAINS = {
  'setuid(0)': () => process.setuid?.(0),
  'seteuid(0)': () => process.seteuid?.(0),
  'setgid(0)': () => process.setgid?.(0),
  'setgroups([0])': () => process.setgroups?.([0]),
};

function problemOf(status: Readonly<Record<string, string>>, { uid, gid }: UnixUser): string | null {
  if (status['Uid'] !== Array(4).fill(uid).join('\t')) return `its uids are ${status['Uid']}`;
  if (status['Gid'] !== Array(4).fill(gid).join('\t')) return `its gids are ${status['Gid']}`;
  if (status['Groups']?.trim() !== '') return `it is in the groups ${status['Groups']}`;
  for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapAmb']) {
    if (!NO_CAPABILITY.test(status[set] ?? '')) return `${set} is ${status[set]}`;
  }
  return null;
}

/** Whether executing a program can still give this process privileges. */
export function canGainByExec(): boolean {
  return statusOf('self')['NoNewPrivs'] !== '1';
}

function statusOf(process: string): Readonly<Record<string, string>> {
  const lines = readFileSync(`/proc/${process}/status`, 'utf8').split('\n');
  return Object.fromEntries(
    lines.map((line) => [line.split(':', 1)[0] ?? '', line.slice(line.indexOf(':') + 1).replace(/^\t/, '')]),
  );
}
