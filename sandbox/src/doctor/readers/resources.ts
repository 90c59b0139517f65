import { LEASED_USERS } from '../../runtime-root/name-users.ts';
import type { CgroupFacts, ProcessFacts, UserFacts } from '../facts.ts';
import type { FileReader } from './file-reader.ts';

const CONTROLLERS = ['memory', 'pids', 'cpu', 'cpuacct', 'cpuset', 'io', 'blkio'];
/** Whose death or slowness would let jobs go unwatched, by the name of their process. */
const GUARDS: ReadonlySet<string> = new Set(['dockerd', 'containerd', 'launcher', 'keeper']);

export function readCgroups(files: FileReader): CgroupFacts {
  const mounts = (files.text('/proc/self/mountinfo') ?? '').split('\n').map(parseMount);
  const v1 = new Set(mounts.filter(({ type }) => type === 'cgroup').flatMap(({ options }) => options));
  if (v1.has('memory')) return { version: 'v1', controllers: CONTROLLERS.filter((name) => v1.has(name)) };
  const v2 = mounts.filter(({ type }) => type === 'cgroup2').map(({ point }) => point);
  for (const point of v2) {
    const controllers = (files.text(`${point}/cgroup.controllers`) ?? '').split(' ').filter(Boolean);
    if (controllers.length > 0) return { version: 'v2', controllers };
  }
  return { version: 'none', controllers: [] };
}

/** `36 35 98:0 /root /point rw,relatime shared:1 - type source options`, see proc_pid_mountinfo(5). */
function parseMount(line: string): { point: string; type: string; options: readonly string[] } {
  const [before = '', after = ''] = line.split(' - ');
  const [type = '', , options = ''] = after.split(' ');
  return { point: before.split(' ')[4] ?? '', type, options: options.split(',') };
}

export function readUsers(files: FileReader): UserFacts {
  const users = (files.text('/etc/passwd') ?? '').split('\n').map((line) => line.split(':'));
  // A system made from a runtime root gives names to the leased ids itself: nobody logs in as those.
  const inRange = users.filter(([name, , uid]) => isOurs(Number(uid), Number(uid)) && name !== LEASED_USERS.name);
  const ranges = (files.text('/etc/subuid') ?? '').split('\n').filter((line) => {
    const [, first, count] = line.split(':');
    return Number(count) > 0 && isOurs(Number(first), Number(first) + Number(count) - 1);
  });
  return { inRange: inRange.map(([name = '', , uid]) => `${name} (${uid})`), subordinate: ranges };
}

/** False for what is no number. */
function isOurs(first: number, last: number): boolean {
  return first <= LEASED_USERS.last && last >= LEASED_USERS.first;
}

export function readProcesses(files: FileReader, ownPid: number): ProcessFacts {
  const pids = files.names('/proc').filter((name) => /^\d+$/.test(name));
  const guards = pids.flatMap((pid) => {
    const name = files.text(`/proc/${pid}/comm`) ?? '';
    return GUARDS.has(name) ? [[name, scoreOf(files, pid)] as const] : [];
  });
  const all = [...guards, ['runyard', scoreOf(files, String(ownPid))] as const];
  return { oomScores: worstOf(all.flatMap(([name, score]) => (score === null ? [] : [[name, score] as const]))) };
}

function scoreOf(files: FileReader, pid: string): number | null {
  const text = files.text(`/proc/${pid}/oom_score_adj`);
  return text === null || text === '' ? null : Number(text);
}

/** Of several processes of a name the one that the kernel would rather kill. */
function worstOf(scores: readonly (readonly [string, number])[]): Record<string, number> {
  const worst: Record<string, number> = {};
  for (const [name, score] of scores) worst[name] = Math.max(worst[name] ?? score, score);
  return worst;
}
