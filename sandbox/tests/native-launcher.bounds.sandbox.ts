import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { NativeLauncher } from '../src/native/index.ts';
import { encodeFrame } from '../src/protocol/index.ts';
import {
  groupsOf,
  LIMITS,
  openIdle,
  parseEnd,
  parseLaunchError,
  readAll,
  type RunningLauncher,
  setUpNative,
  startNative,
  untilEmpty,
} from './testing/native-launcher-fixtures.ts';

const MIB = 1 << 20;
const EPROTO = 71;
const EAGAIN = 11;
const PLACES = 2;
/** One of each: memory, pids, cpu, cpuacct. */
const GROUPS_OF_ONE = 4;

let stateDir = '';
let native: RunningLauncher;

beforeAll(async () => {
  const { real } = await setUpNative();
  stateDir = mkdtempSync('/run/runyard-test-');
  native = await startNative(real, stateDir, undefined, { ...LIMITS, places: PLACES });
});

afterAll(async () => {
  await (native as RunningLauncher | undefined)?.launcher.close();
  rmSync(stateDir, { recursive: true });
});

/** What the place says to one step that is told to go, and how it ends. */
async function tell(own: { readonly memoryBytes: number; readonly processes: number }) {
  const { place } = await openIdle(native.launcher);
  await using owned = place;
  const all = readAll(owned.stream);
  const numbers = {
    wallTimeMs: 1000,
    cpuTimeMs: 1000,
    outputBytes: 100,
    fileBytes: MIB,
    stackBytes: 8 * MIB,
    openFiles: 64,
  };
  const step = { argv: ['/bin/echo', 'ran'], env: ['PATH=/bin'], patterns: [], isCompile: false, ...numbers, ...own };
  owned.stream.write(encodeFrame({ type: 'step', step: 0, ...step }));
  owned.stream.write(encodeFrame({ type: 'go', step: 0, isLast: true }));
  const bytes = await all;
  return { text: bytes.toString('latin1'), waitStatus: parseEnd(bytes).waitStatus };
}

// Whoever holds the socket chooses what OPEN asks for, and the launcher what it gets: no step gets more than that.
test.each([
  ['a page more memory', { memoryBytes: LIMITS.memoryBytes + 4096, processes: LIMITS.processes }],
  ['a terabyte', { memoryBytes: 2 ** 40, processes: 1 }],
  ['one process more', { memoryBytes: MIB * 16, processes: LIMITS.processes + 1 }],
])('a step with %s than its place is refused', async (_, own) => {
  const { text, waitStatus } = await tell(own);
  expect(text).toContain('STEP: more than the place has');
  expect(text).not.toContain('ran\n');
  expect(waitStatus).not.toBe(0);
});

// Whoever runs the launcher says how much one place may be.
test.each([
  ['memory', { memoryBytes: LIMITS.memoryBytes + 1 }, 'OPEN: memoryBytes is out of bounds'],
  ['processes', { processes: LIMITS.processes + 1 }, 'OPEN: processes is out of bounds'],
  ['CPU', { cpuMilli: LIMITS.cpuMilli + 1 }, 'OPEN: cpuMilli is out of bounds'],
])('a place with more %s than the launcher may give is refused', async (_, more, message) => {
  await using place = await native.launcher.open({ ...LIMITS, ...more });
  expect(parseLaunchError(await readAll(place.stream))).toEqual({ errno: EPROTO, message });
});

test('a place more than the launcher may give is refused, and given when one is free again', async () => {
  const first = await openIdle(native.launcher);
  const second = await openIdle(native.launcher);
  const third = await native.launcher.open(LIMITS);
  const message = 'all places of this launcher are in use';
  expect(parseLaunchError(await readAll(third.stream))).toEqual({ errno: EAGAIN, message });
  await Promise.all([first.place[Symbol.asyncDispose](), third[Symbol.asyncDispose]()]);
  // The second keeps its groups.
  await untilEmpty(() => groupsOf(native.ownerId).slice(GROUPS_OF_ONE));
  const again = await openIdle(native.launcher);
  await Promise.all([second.place[Symbol.asyncDispose](), again.place[Symbol.asyncDispose]()]);
  await untilEmpty(() => groupsOf(native.ownerId));
});

test.each([0, -1])('a bound that is none is refused (%d places)', async (places) => {
  const { real } = await setUpNative();
  await expect(startNative(real, stateDir, undefined, { places })).rejects.toThrow(
    '--max-places must be numbers above 0',
  );
});

test('a socket is not put where others could replace it, and its folder is made when missing', async () => {
  const { real } = await setUpNative();
  const open = path.join(stateDir, 'open');
  mkdirSync(open);
  chmodSync(open, 0o777);
  const start = (folder: string) =>
    NativeLauncher.start({ ...real, stateDir, socketPath: path.join(folder, 'x.sock'), user: { uid: 7, gid: 8 } });
  await expect(start(open)).rejects.toThrow(`others may write to ${open}`);
  const missing = path.join(stateDir, 'missing');
  const launcher = await start(missing);
  try {
    const { mode, uid, gid } = statSync(missing);
    expect([mode & 0o777, uid, gid]).toEqual([0o710, 0, 8]);
    expect(statSync(stateDir).mode & 0o777).toBe(0o711);
  } finally {
    await launcher.close();
  }
});

test('a step with all that its place has runs', async () => {
  const { text, waitStatus } = await tell({ memoryBytes: LIMITS.memoryBytes, processes: LIMITS.processes });
  expect(text).toContain('ran\n');
  expect(waitStatus).toBe(0);
});
