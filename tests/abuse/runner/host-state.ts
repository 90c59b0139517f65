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
  /** Of the server's own process: resident memory, CPU time since its start, open descriptors. */
  readonly serverRssBytes: number;
  readonly serverCpuMs: number;
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
const UTIME_FIELD = 13;
const KIB = 1024;

export function readHostState(server: WatchedServer): HostState {
  const { bavail, bsize } = statfsSync(server.dataDir);
  return {
    atMs: performance.now(),
    availableBytes: kibibytes(readText('/proc/meminfo'), 'MemAvailable'),
    tasks: Number(/\/(\d+) /.exec(readText('/proc/loadavg'))?.[1] ?? 0),
    diskFreeBytes: bavail * bsize,
    serverRssBytes: kibibytes(readText(`/proc/${server.pid}/status`), 'VmRSS'),
    serverCpuMs: cpuMsOf(server.pid),
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

/** CPU time of a process since its start; 0 for one that has ended. */
function cpuMsOf(pid: number): number {
  // The name, in parentheses, may hold anything.
  const fields = readText(`/proc/${pid}/stat`).split(') ').pop()?.split(' ') ?? [];
  const [user = 0, system = 0] = fields.slice(UTIME_FIELD - 2, UTIME_FIELD).map(Number);
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
