import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const CGROUP_ROOT = '/sys/fs/cgroup';
/** Where control groups may stand: a hierarchy per controller, or one for all. */
const HIERARCHIES = ['memory', 'pids', 'cpu', 'cpuacct', 'cpu,cpuacct', ''];
const POLL_MS = 50;

/**
 * What the launcher of one server has on this host: its processes and those in its control groups, the groups, its socket
 * and mounts. Other servers of the machine do not count.
 */
export function tracesOf(ownerId: string): string[] {
  return [...processesOf(ownerId), ...cgroupsOf(ownerId), ...mountsOf(ownerId)];
}

/** Waits until nothing is left. Throws with what is left after the deadline. */
export function expectNoTraces(ownerId: string, deadlineMs = 10_000): Promise<void> {
  return untilNone(() => tracesOf(ownerId), deadlineMs);
}

/** The same for the sandboxes of a launcher that goes on running. */
export function expectNoSandboxes(ownerId: string, deadlineMs: number): Promise<void> {
  return untilNone(() => cgroupsOf(ownerId), deadlineMs);
}

async function untilNone(find: () => readonly string[], deadlineMs: number): Promise<void> {
  const endAtMs = performance.now() + deadlineMs;
  let traces = find();
  while (traces.length > 0) {
    if (performance.now() > endAtMs) throw new Error(`left on the host:\n${traces.join('\n')}`);
    await sleep(POLL_MS);
    traces = find();
  }
}

/** Process id of the launcher's daemon of one server, which `/version` does not tell to clients. */
export function launcherPidOf(ownerId: string): number {
  const pid = otherPids().find((candidate) => {
    const command = commandOf(candidate);
    return isLauncherOf(ownerId, command) && !isKeeper(command);
  });
  if (pid === undefined) throw new Error(`no launcher of ${ownerId} runs`);
  return Number(pid);
}

function processesOf(ownerId: string): string[] {
  return otherPids().flatMap((pid) => {
    const command = commandOf(pid);
    const groups = read(path.join('/proc', pid, 'cgroup'));
    const isLaunchers = isLauncherOf(ownerId, command);
    return isLaunchers || groups.includes(`/runyard/${ownerId}.`) ? [`process ${pid}: ${command}`] : [];
  });
}

function otherPids(): string[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
}

function commandOf(pid: string): string {
  return read(path.join('/proc', pid, 'cmdline'))
    .replaceAll('\0', ' ')
    .trim();
}

/** It runs the launcher, so that one's arguments stand in its own. */
function isKeeper(command: string): boolean {
  return /^\S*\/keeper /.test(command);
}

function isLauncherOf(ownerId: string, command: string): boolean {
  return command.includes(`--owner ${ownerId}`);
}

function cgroupsOf(ownerId: string): string[] {
  return HIERARCHIES.flatMap((hierarchy) => {
    const folder = path.join(CGROUP_ROOT, hierarchy, 'runyard');
    if (!existsSync(folder)) return [];
    const names = readdirSync(folder).filter((name) => name.startsWith(`${ownerId}.`));
    return names.map((name) => `control group ${path.join(folder, name)}`);
  });
}

function mountsOf(ownerId: string): string[] {
  return read('/proc/self/mountinfo')
    .split('\n')
    .filter((line) => line.includes(ownerId))
    .map((line) => `mount ${line}`);
}

/** Empty for a process that has ended meanwhile. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
