import { readdirSync, readFileSync, statfsSync } from 'node:fs';
import path from 'node:path';
import { launcherPidOf } from '../../support/host-traces.ts';

/** What the operator of the host sees at one moment. */
export interface HostState {
  readonly atMs: number;
  /** `MemAvailable` of /proc/meminfo. */
  readonly availableBytes: number;
  /** Processes and threads of the whole host. */
  readonly tasks: number;
  /** Free space of the file system that holds the server's data folder. */
  readonly diskFreeBytes: number;
  /** Of the server's processes, its launcher among them, without the sandboxes: resident memory, CPU time. */
  readonly serverRssBytes: number;
  readonly serverCpuMs: number;
  /** Of the server's main process. */
  readonly serverDescriptors: number;
  /** Of the daemon that makes the sandboxes, or null where there is none. */
  readonly launcherPid: number | null;
  /** Control groups of the server's sandboxes. */
  readonly places: readonly string[];
}

export interface WatchedServer {
  readonly pid: number;
  readonly dataDir: string;
  /** Of its launcher: names of control groups begin with it. */
  readonly ownerId: string;
}

const CGROUP_ROOT = '/sys/fs/cgroup';
/** One hierarchy per controller, or one for all; either launcher's folder. */
const PLACE_FOLDERS = ['pids/', 'memory/', 'cpu/', 'cpuacct/', ''].flatMap((hierarchy) =>
  ['runyard', 'runyard-docker'].map((folder) => path.join(CGROUP_ROOT, hierarchy, folder)),
);
/** The kernel's unit in /proc/<pid>/stat is the same on all architectures: 100 per second. */
const MS_PER_TICK = 10;
/** Counted from the third field, as statFields gives them. */
const PARENT_FIELD = 1;
const UTIME_FIELD = 11;
const KIB = 1024;

export function readHostState(server: WatchedServer): HostState {
  const { bavail, bsize } = statfsSync(server.dataDir);
  const own = ownProcesses(server);
  return {
    atMs: performance.now(),
    availableBytes: kibibytes(readText('/proc/meminfo'), 'MemAvailable'),
    tasks: Number(/\/(\d+) /.exec(readText('/proc/loadavg'))?.[1] ?? 0),
    diskFreeBytes: bavail * bsize,
    serverRssBytes: sum(own, (pid) => kibibytes(readText(`/proc/${pid}/status`), 'VmRSS')),
    serverCpuMs: sum(own, cpuMsOf),
    serverDescriptors: list(`/proc/${server.pid}/fd`).length,
    launcherPid: launcherOf(server.ownerId),
    places: placesOf(server.ownerId),
  };
}

function placesOf(ownerId: string): readonly string[] {
  return PLACE_FOLDERS.flatMap((folder) =>
    list(folder)
      .filter((name) => name.startsWith(`${ownerId}.`))
      .map((name) => path.join(folder, name)),
  );
}

function launcherOf(ownerId: string): number | null {
  try {
    return launcherPidOf(ownerId);
  } catch {
    return null;
  }
}

/** The server, and what it and its children started, less what is in a sandbox. */
function ownProcesses({ pid, ownerId }: WatchedServer): readonly number[] {
  const parents = new Map(
    list('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((name) => [Number(name), Number(statFields(Number(name))[PARENT_FIELD])]),
  );
  const own = new Set([pid]);
  for (let size = 0; size !== own.size;) {
    size = own.size;
    for (const [child, parent] of parents) if (own.has(parent)) own.add(child);
  }
  return [...own].filter((one) => !isInPlace(one, ownerId));
}

export function isInPlace(pid: number | string, ownerId: string): boolean {
  return new RegExp(`/runyard(-docker)?/${ownerId}\\.`).test(readText(`/proc/${pid}/cgroup`));
}

/** From the third on: the name, in parentheses, may hold anything. */
function statFields(pid: number): readonly string[] {
  return readText(`/proc/${pid}/stat`).split(') ').pop()?.split(' ') ?? [];
}

function sum(pids: readonly number[], of: (pid: number) => number): number {
  return pids.reduce((total, pid) => total + of(pid), 0);
}

/** CPU time of a process since its start; 0 for one that has ended. */
function cpuMsOf(pid: number): number {
  const [user = 0, system = 0] = statFields(pid)
    .slice(UTIME_FIELD, UTIME_FIELD + 2)
    .map(Number);
  return (user + system) * MS_PER_TICK;
}

function kibibytes(text: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) * KIB;
}

/** Empty for a process that has ended meanwhile. */
export function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

export function list(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
