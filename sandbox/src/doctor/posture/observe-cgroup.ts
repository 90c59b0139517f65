import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = '/sys/fs/cgroup';

/** The same limits under the names of both versions; what a version does not have is left out. */
const FILES: readonly (readonly [name: string, controller: string, v1: string | null, v2: string | null])[] = [
  ['memory', 'memory', 'memory.limit_in_bytes', 'memory.max'],
  ['memoryAndSwap', 'memory', 'memory.memsw.limit_in_bytes', null],
  ['swap', 'memory', null, 'memory.swap.max'],
  ['socketBuffers', 'memory', 'memory.kmem.tcp.limit_in_bytes', null],
  ['killsAtLimit', 'memory', 'memory.oom_control', null],
  ['processes', 'pids', 'pids.max', 'pids.max'],
  ['cpuQuotaUs', 'cpu', 'cpu.cfs_quota_us', null],
  ['cpuPeriodUs', 'cpu', 'cpu.cfs_period_us', null],
  ['cpu', 'cpu', null, 'cpu.max'],
];

/** Limits of the groups that a process is in, as the host's tree has them. `text` is its /proc/<pid>/cgroup. */
export function observeCgroup(text: string): Readonly<Record<string, string>> {
  const lines = text.trim().split('\n').map(parse);
  const v1 = lines.filter(({ controllers }) => controllers !== '');
  const memory = v1.find(({ controllers }) => controllers.split(',').includes('memory'));
  const unified = lines.find(({ controllers }) => controllers === '');
  const found = FILES.flatMap(([name, controller, fileV1, fileV2]) => {
    const group = v1.find(({ controllers }) => controllers.split(',').includes(controller));
    const file =
      group === undefined
        ? fileV2 && unified && path.join(ROOT, unified.group, fileV2)
        : fileV1 && path.join(mountOf(group.controllers, controller), group.group, fileV1);
    const value = typeof file === 'string' ? read(file) : null;
    return value === null ? [] : [[name, name === 'killsAtLimit' ? killsOf(value) : value] as const];
  });
  return { ...Object.fromEntries(found), place: placeOf((memory ?? unified)?.group ?? '') };
}

/** `5:memory:/runyard/…` or `0::/…` */
function parse(line: string): { controllers: string; group: string } {
  const [, controllers = '', ...rest] = line.split(':');
  return { controllers, group: rest.join(':') };
}

function mountOf(controllers: string, controller: string): string {
  return existsSync(path.join(ROOT, controllers)) ? path.join(ROOT, controllers) : path.join(ROOT, controller);
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return null;
  }
}

function killsOf(control: string): string {
  return /^oom_kill_disable 0$/m.test(control) ? 'yes' : 'no';
}

/** Owner, number and container ids differ each time. */
function placeOf(group: string): string {
  return group.replace(/[0-9a-f]{8,}(\.\d+)?/g, '<id>');
}
