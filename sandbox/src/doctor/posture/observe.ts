import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { observeCgroup } from './observe-cgroup.ts';
import { observeMounts } from './observe-mounts.ts';

/** A place as the host sees it: one line per fact, so that a difference has a name. Numbers that differ from place to place stand as `<uid>`. */
export type Posture = Readonly<Record<string, string>>;

/** Host pids. `uid` is the one that the step's program runs as. */
export interface PlaceProcesses {
  readonly pid1: number;
  readonly step: number;
}

const STATUS = ['Uid', 'Gid', 'Groups', 'CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb', 'NoNewPrivs', 'Seccomp'];

/** Reads what /proc and the cgroup tree of the host say of both. Throws when a process is gone. */
export function observePlace({ pid1, step }: PlaceProcesses): Posture {
  const uid = fieldOf(readFileSync(`/proc/${step}/status`, 'utf8'), 'Uid').split(' ')[0] ?? '';
  const facts = {
    ...prefixed('pid1.', observeProcess(pid1)),
    ...prefixed('step.', observeProcess(step)),
    ...prefixed('step.', { environment: environmentOf(step), descriptors: descriptorsOf(step) }),
    ...prefixed('mount.', observeMounts(readFileSync(`/proc/${step}/mountinfo`, 'utf8'))),
    ...prefixed('cgroup.', observeCgroup(readFileSync(`/proc/${step}/cgroup`, 'utf8'))),
  };
  // Root's own number stands for itself; the leased one differs each time.
  const leased = uid === '0' ? null : new RegExp(`\\b${uid}\\b`, 'g');
  return leased === null ? facts : mapValues(facts, (value) => value.replaceAll(leased, '<uid>'));
}

/** Uid, groups, capabilities, filter, limits, namespaces and what the OOM killer thinks of one process. */
export function observeProcess(pid: number): Posture {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return {
    ...Object.fromEntries(STATUS.map((name) => [name, fieldOf(status, name)])),
    filters: fieldOf(status, 'Seccomp_filters') || 'not told',
    cpus: cpusOf(status),
    oomScoreAdj: readFileSync(`/proc/${pid}/oom_score_adj`, 'utf8').trim(),
    label: labelOf(pid),
    ...prefixed('limit.', limitsOf(pid)),
    ...prefixed('namespace.', namespacesOf(pid)),
  };
}

function fieldOf(status: string, name: string): string {
  const found = new RegExp(`^${name}:(.*)$`, 'm').exec(status)?.[1] ?? '';
  return found.trim().split(/\s+/).join(' ');
}

/** `all` that this process may use, `one`, or which. */
function cpusOf(status: string): string {
  const list = fieldOf(status, 'Cpus_allowed_list');
  if (list === fieldOf(readFileSync('/proc/self/status', 'utf8'), 'Cpus_allowed_list')) return 'all';
  return /^\d+$/.test(list) ? 'one' : list;
}

/** `Max open files            1024                 4096                 files` */
function limitsOf(pid: number): Posture {
  const lines = readFileSync(`/proc/${pid}/limits`, 'utf8').trim().split('\n').slice(1);
  return Object.fromEntries(
    lines.map((line) => {
      const [name = '', soft = '', hard = ''] = line.split(/ {2,}/);
      return [name.replace(/^Max /, ''), soft === hard ? soft : `${soft} ${hard}`];
    }),
  );
}

/** `own`, or `shared` with the process that looks, which stands for the host. */
function namespacesOf(pid: number): Posture {
  const kinds = readdirSync(`/proc/${pid}/ns`).filter((kind) => !kind.endsWith('_for_children'));
  return Object.fromEntries(
    kinds.map((kind) => {
      const isShared = readlinkSync(`/proc/${pid}/ns/${kind}`) === readlinkSync(`/proc/self/ns/${kind}`);
      return [kind, isShared ? 'shared' : 'own'];
    }),
  );
}

/** Of AppArmor or SELinux; `none` where the kernel has neither. */
function labelOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/attr/current`, 'utf8').replaceAll('\0', '').trim() || 'none';
  } catch {
    return 'none';
  }
}

function environmentOf(pid: number): string {
  const text = readFileSync(`/proc/${pid}/environ`, 'utf8');
  const names = text.split('\0').filter(Boolean);
  return names
    .map((line) => line.split('=')[0] ?? '')
    .toSorted()
    .join(' ');
}

/** `0 pipe, 1 pipe, 2 pipe`: anything more was leaked by us. */
function descriptorsOf(pid: number): string {
  const folder = `/proc/${pid}/fd`;
  const numbers = readdirSync(folder).toSorted((a, b) => Number(a) - Number(b));
  return numbers.map((number) => `${number} ${readlinkSync(path.join(folder, number)).split(':')[0] ?? ''}`).join(', ');
}

function prefixed(prefix: string, facts: Posture): Posture {
  return Object.fromEntries(Object.entries(facts).map(([name, value]) => [`${prefix}${name}`, value]));
}

function mapValues(facts: Posture, change: (value: string) => string): Posture {
  return Object.fromEntries(Object.entries(facts).map(([name, value]) => [name, change(value)]));
}
