/** What the tests of the native launcher share: real binaries, raw connections, and the truth about them from the host's side. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Launcher, PlaceLimits } from '../../src/index.ts';
import { NativeLauncher, type NativeLauncherOptions } from '../../src/native/index.ts';
import { encodeFrame } from '../../src/protocol/index.ts';
import { ensureSandboxBinaries } from '../../src/runtime-root/index.ts';
import { startTestSandbox } from '../../src/testing/index.ts';

export const LIMITS: PlaceLimits = { memoryBytes: 64 << 20, processes: 16, cpuMilli: 1000, deadlineMs: 20_000 };
export const HELLO = encodeFrame({ type: 'helloHost', deadlineMs: 20_000 });

export type NativeSetup = Pick<NativeLauncherOptions, 'keeperPath' | 'launcherPath' | 'supervisorPath' | 'rootDir'>;

export interface NativeSetups {
  readonly real: NativeSetup;
  /** PID 1 is not the supervisor but `stubborn.c`. */
  readonly stubborn: NativeSetup;
}

export async function setUpNative(): Promise<NativeSetups> {
  await using built = await startTestSandbox();
  const { root, binaries } = built;
  // `<cacheDir>/bin/<hash>`
  const cacheDir = path.dirname(path.dirname(binaries.dir));
  const sourceDirs = [path.join(import.meta.dirname, 'stubborn')];
  const { dir } = await ensureSandboxBinaries({ root, cacheDir, sourceDirs });
  const { keeperPath, launcherPath, supervisorPath } = binaries;
  const real = { keeperPath, launcherPath, supervisorPath, rootDir: root.dir };
  return { real, stubborn: { ...real, supervisorPath: path.join(dir, 'stubborn') } };
}

export interface RunningLauncher extends AsyncDisposable {
  readonly launcher: NativeLauncher;
  readonly ownerId: string;
  readonly log: string[];
  readonly pid: () => number;
}

export async function startNative(
  setup: NativeSetup,
  stateDir: string,
  ownerId?: string,
  bounds?: NativeLauncherOptions['bounds'],
): Promise<RunningLauncher> {
  const log: string[] = [];
  const launcher = await NativeLauncher.start({
    ...setup,
    stateDir,
    ...(ownerId === undefined ? {} : { ownerId }),
    ...(bounds === undefined ? {} : { bounds }),
    log: (level, message) => void log.push(`${level}: ${message}`),
  });
  return {
    launcher,
    ownerId: launcher.describe()['ownerId']!,
    log,
    pid: () => Number(launcher.describe()['pid']),
    [Symbol.asyncDispose]: () => launcher.close(),
  };
}

/** Everything until the stream ends. An error ends it as well. */
export function readAll(stream: Duplex): Promise<Buffer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => stream.destroy());
    stream.on('close', () => {
      resolve(Buffer.concat(chunks));
    });
    stream.resume();
  });
}

/** Opens a place whose PID 1 ends by itself at once, since the host has nothing to say. */
export async function openAndEnd(launcher: Launcher): Promise<Buffer> {
  await using place = await launcher.open(LIMITS);
  place.stream.end(HELLO);
  return await readAll(place.stream);
}

/** Opens a place and waits until PID 1 said something, which then waits for the host. */
export async function openIdle(launcher: Launcher, limits: Partial<PlaceLimits> = {}) {
  const place = await launcher.open({ ...LIMITS, ...limits });
  const first = new Promise<Buffer>((resolve) => {
    place.stream.once('data', (chunk: Buffer) => {
      place.stream.pause();
      resolve(chunk);
    });
  });
  place.stream.write(HELLO);
  return { place, first: await first };
}

/** By the table of PROTOCOL.md, not by our decoder. */
export function parseEnd(bytes: Buffer) {
  const frame = bytes.subarray(-48);
  if (frame.length < 48 || frame.subarray(0, 12).toString('hex') !== '28000000c000000052594531')
    throw new Error(`no END at the end of ${bytes.toString('latin1')}`);
  return {
    waitStatus: frame.readUInt32LE(12),
    oomKills: Number(frame.readBigUInt64LE(16)),
    memoryPeakBytes: Number(frame.readBigUInt64LE(24)),
    cpuUs: Number(frame.readBigUInt64LE(32)),
    pidsPeak: frame.readUInt32LE(40),
    cause: frame.readUInt32LE(44),
  };
}

export function parseLaunchError(bytes: Buffer) {
  if (bytes[4] !== 0xc1 || bytes.readUInt32LE(0) !== bytes.length - 8)
    throw new Error(`no LAUNCH_ERROR: ${bytes.toString('latin1')}`);
  return { errno: bytes.readUInt32LE(8), message: bytes.subarray(12).toString() };
}

const CONTROLLERS = ['memory', 'pids', 'cpu', 'cpuacct'];

/** Control groups of an owner, as `<controller>/<name>`. */
export function groupsOf(ownerId: string): string[] {
  return CONTROLLERS.flatMap((controller) => {
    const dir = `/sys/fs/cgroup/${controller}/runyard`;
    const names = existsSync(dir) ? readdirSync(dir) : [];
    return names.filter((name) => name.startsWith(`${ownerId}.`)).map((name) => `${controller}/${name}`);
  });
}

/** Host pids of everything in the sandboxes of an owner, PID 1 of each first. */
export function processesOf(ownerId: string): number[] {
  const memory = groupsOf(ownerId).filter((group) => group.startsWith('memory/'));
  return memory.flatMap((group) => {
    const name = group.slice('memory/'.length);
    const text = readGroupFile(path.join('/sys/fs/cgroup/memory/runyard', name, 'cgroup.procs'));
    return text.split('\n').filter(Boolean).map(Number);
  });
}

/** Empty for a group that went away meanwhile: before it was opened (ENOENT), or after (ENODEV). */
function readGroupFile(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENODEV')) return '';
    throw error;
  }
}

/** A zombie that its new parent has not reaped yet counts as gone: it holds nothing any more. */
export function isRunning(pid: number): boolean {
  try {
    const state = readFileSync(`/proc/${pid}/stat`, 'latin1').replace(/^.*\) /s, '')[0];
    return state !== 'Z' && state !== 'X';
  } catch {
    return false;
  }
}

/** For facts of the kernel that no event tells. Throws with what was still there. */
export async function untilEmpty(what: () => readonly unknown[], patienceMs = 10_000): Promise<void> {
  const endAtMs = performance.now() + patienceMs;
  while (what().length > 0) {
    if (performance.now() > endAtMs) throw new Error(`still there after ${patienceMs} ms: ${JSON.stringify(what())}`);
    await sleep(5);
  }
}
