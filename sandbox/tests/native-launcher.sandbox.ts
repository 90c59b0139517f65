import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { encodeOpenFrame } from '../src/socket/open-frame.ts';
import {
  groupsOf,
  HELLO,
  isRunning,
  LIMITS,
  openAndEnd,
  openIdle,
  parseEnd,
  parseLaunchError,
  processesOf,
  readAll,
  startNative,
  untilEmpty,
} from './testing/native-launcher-fixtures.ts';
import { useNative } from './testing/use-native.ts';

const EPROTO = 71;
const EAGAIN = 11;
/** waitpid status of a process that SIGKILL ended. */
const KILLED = 9;

const it = useNative();

function connectRaw(): Socket {
  return createConnection({ path: path.join(it.stateDir, `${it.native.ownerId}.sock`), allowHalfOpen: true });
}

function status(pid: number): Record<string, string> {
  const lines = readFileSync(`/proc/${pid}/status`, 'utf8').split('\n');
  return Object.fromEntries(lines.map((line) => line.split(':\t') as [string, string]));
}

function descriptors(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).sort((a, b) => Number(a) - Number(b));
}

describe('a place', () => {
  test('ends with END when PID 1 ends by itself', async () => {
    const end = parseEnd(await openAndEnd(it.native.launcher));
    expect(end).toMatchObject({ waitStatus: 0, oomKills: 0, cause: 0, pidsPeak: 1 });
    expect(end.cpuUs).toBeGreaterThan(100);
    expect(end.memoryPeakBytes).toBeGreaterThan(50_000);
    expect(end.memoryPeakBytes).toBeLessThan(8 << 20);
  });

  test('has a PID 1 with three capabilities, in namespaces of its own', async () => {
    const { place } = await openIdle(it.stubborn.launcher);
    await using _place = place;
    const [pid] = processesOf(it.stubborn.ownerId);
    expect(status(pid!)).toMatchObject({
      Uid: '0\t0\t0\t0',
      Gid: '0\t0\t0\t0',
      Groups: ' ',
      NSpid: `${pid}\t1`,
      CapInh: '0000000000000000',
      CapPrm: '00000000000000e0',
      CapEff: '00000000000000e0',
      CapBnd: '00000000000000e0',
      CapAmb: '0000000000000000',
      NoNewPrivs: '1',
      SigIgn: '0000000000000000',
      SigCgt: '0000000000000000',
    });
    for (const namespace of ['pid', 'mnt', 'ipc', 'uts', 'net', 'cgroup'])
      expect(readlinkSync(`/proc/${pid}/ns/${namespace}`)).not.toBe(readlinkSync(`/proc/self/ns/${namespace}`));
    const limits = readFileSync(`/proc/${pid}/limits`, 'utf8');
    expect(limits).toMatch(/Max core file size +1 +1/);
    expect(limits).toMatch(/Max msgqueue size +0 +0/);
    expect(limits).toMatch(/Max file size +unlimited +unlimited/);
    expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).toBe('');
    const places = descriptors(pid!).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
    expect(places).toHaveLength(6);
    expect(places[0]).toMatch(/^socket:/);
    expect(places[1]).toBe(places[0]);
    expect(places[2]).toBe(readlinkSync(`/proc/${it.stubborn.pid()}/fd/2`));
    expect(places.slice(3).map((target) => target.replace(/\.\d+$/, ''))).toEqual(
      ['memory', 'pids', 'cpuacct'].map((name) => `/sys/fs/cgroup/${name}/runyard/${it.stubborn.ownerId}`),
    );
  });

  test('has exactly these mounts', async () => {
    const { place } = await openIdle(it.native.launcher);
    await using _place = place;
    const [pid] = processesOf(it.native.ownerId);
    const lines = readFileSync(`/proc/${pid}/mountinfo`, 'utf8').trim().split('\n');
    const mounts = lines.map((line) => {
      const [head, tail] = line.split(' - ') as [string, string];
      const [, , , , point, flags] = head.split(' ');
      const options = `${flags},${tail.split(' ')[2]}`.split(',').filter((flag) => !['rw', 'relatime'].includes(flag));
      return { point: point!, flags: [...new Set(options)].join(',') };
    });
    const flagsOf = Object.fromEntries(mounts.map(({ point, flags }) => [point, flags]));
    expect(flagsOf['/']).toMatch(/^ro,nosuid,nodev\b/);
    expect(flagsOf).toMatchObject({
      '/dev': 'ro,nosuid,noexec,size=64k,nr_inodes=32,mode=755',
      '/box': expect.stringMatching(/^nosuid,nodev,size=65536k,nr_inodes=4096,mode=700,uid=20\d+,gid=20\d+$/) as string,
      '/tmp': 'nosuid,nodev,noexec,size=32768k,nr_inodes=4096',
      '/dev/shm': 'nosuid,nodev,noexec,size=16384k,nr_inodes=4096',
      '/program': 'nosuid,nodev,size=65536k,nr_inodes=4096,mode=755',
      '/proc': 'nosuid,nodev,noexec,hidepid=invisible',
      '/proc/sys': 'ro,nosuid,nodev,noexec,hidepid=invisible',
    });
    // The rest covers parts of /proc, read-only.
    const others = mounts.filter(({ point }) => !/^\/(dev|box|tmp|dev\/shm|program|proc)?$/.test(point));
    for (const { point, flags } of others)
      expect([point, flags]).toEqual([expect.stringMatching(/^\/proc\//), expect.stringMatching(/^ro,/)]);
    expect(others.map(({ point }) => point)).toContain('/proc/keys');
  });

  test('is killed at its deadline, whatever PID 1 does', async () => {
    const { place, first } = await openIdle(it.stubborn.launcher, { deadlineMs: 150 });
    await using _place = place;
    // On a slow machine it is killed before it said anything: the first bytes are END then.
    expect(parseEnd(Buffer.concat([first, await readAll(place.stream)]))).toMatchObject({
      waitStatus: KILLED,
      cause: 1,
    });
  });

  test('dies when the host hangs up, and not when it has said all', async () => {
    const { place } = await openIdle(it.stubborn.launcher);
    const [pid] = processesOf(it.stubborn.ownerId);
    await new Promise<void>((resolve) => void place.stream.end(resolve));
    // A whole other place comes and goes: time enough for a wrong kill.
    expect(parseEnd(await openAndEnd(it.native.launcher))).toMatchObject({ waitStatus: 0 });
    expect(isRunning(pid!)).toBe(true);
    await place[Symbol.asyncDispose]();
    await untilEmpty(() => [pid].filter((known) => isRunning(known!)));
  });

  test('holds the limits in its control groups', async () => {
    const { place } = await openIdle(it.native.launcher);
    await using _place = place;
    const read = (file: string) => {
      const [controller] = file.split('.');
      const group = groupsOf(it.native.ownerId)
        .find((name) => name.startsWith(`${controller}/`))!
        .split('/')[1]!;
      return readFileSync(`/sys/fs/cgroup/${controller}/runyard/${group}/${file}`, 'utf8').trim();
    };
    expect(read('memory.limit_in_bytes')).toBe('67108864');
    expect(read('memory.memsw.limit_in_bytes')).toBe('67108864');
    expect(read('pids.max')).toBe('17');
    expect(read('cpu.cfs_quota_us')).toBe('100000');
    expect(read('cpu.cfs_period_us')).toBe('100000');
  });

  test('late input of the host does not cost it END', async () => {
    const place = await it.native.launcher.open(LIMITS);
    // PID 1 ends at the half close it would never see otherwise: a frame that breaks the protocol.
    place.stream.write(Buffer.concat([HELLO, HELLO, Buffer.alloc(4096)]));
    const all = readAll(place.stream);
    await untilEmpty(() => groupsOf(it.native.ownerId));
    place.stream.write(Buffer.alloc(60_000));
    expect(parseEnd(await all)).toMatchObject({ waitStatus: 256, cause: 0 });
  });
});

describe('OPEN', () => {
  const OPEN = Buffer.from(encodeOpenFrame(LIMITS));
  const changed = (offset: number, bytes: number[]) => {
    const copy = Buffer.from(OPEN);
    copy.set(bytes, offset);
    return copy;
  };

  test.each([
    ['HTTP', Buffer.from(`GET / HTTP/1.1\r\nhost: x\r\n\r\n${'x'.repeat(100)}`), 'OPEN: wrong length'],
    ['zeroes', Buffer.alloc(76), 'OPEN: wrong length'],
    ['another frame', changed(4, [0x01]), 'OPEN: wrong frame type'],
    ['a flag', changed(6, [1]), 'OPEN: step and flags must be 0'],
    ['another magic', changed(8, [0x53]), 'OPEN: wrong magic'],
    ['a later version', changed(12, [2]), 'OPEN: unknown version'],
    ['no memory limit', changed(16, [0, 0, 0, 0, 0, 0, 0, 0]), 'OPEN: memoryBytes is out of bounds'],
    ['a huge /box', changed(24, [255, 255, 255, 255, 255, 255, 255, 255]), 'OPEN: boxBytes is out of bounds'],
    ['no limit of /tmp', changed(32, [0, 0, 0, 0, 0, 0, 0, 0]), 'OPEN: tmpBytes is out of bounds'],
    ['no inodes', changed(56, [0, 0, 0, 0]), 'OPEN: boxInodes is out of bounds'],
    ['no processes', changed(60, [0, 0, 0, 0]), 'OPEN: processes is out of bounds'],
    ['no CPU', changed(64, [0, 0, 0, 0]), 'OPEN: cpuMilli is out of bounds'],
    ['no deadline', changed(68, [0, 0, 0, 0, 0, 0, 0, 0]), 'OPEN: deadlineMs is out of bounds'],
  ])('with %s is refused', async (_, bytes, message) => {
    const socket = connectRaw();
    socket.write(bytes);
    expect(parseLaunchError(await readAll(socket))).toEqual({ errno: EPROTO, message });
  });

  test('may come byte by byte', async () => {
    const socket = connectRaw();
    const all = readAll(socket);
    for (const byte of OPEN) {
      socket.write(Buffer.from([byte]));
      await new Promise(setImmediate);
    }
    socket.end(HELLO);
    expect(parseEnd(await all)).toMatchObject({ waitStatus: 0, cause: 0 });
  });

  test('that never comes is given up after 5 s, and disturbs nobody', async () => {
    const socket = connectRaw();
    socket.write(OPEN.subarray(0, 75));
    const slow = readAll(socket);
    expect(parseEnd(await openAndEnd(it.native.launcher))).toMatchObject({ waitStatus: 0 });
    expect(parseLaunchError(await slow)).toEqual({ errno: 110, message: 'OPEN did not come in time' });
  });

  test('broken off is forgotten', async () => {
    const socket = connectRaw();
    socket.end(OPEN.subarray(0, 20));
    expect(await readAll(socket)).toHaveLength(0);
  });
});

describe('the daemon', () => {
  test('leaks nothing over 200 places one after the other and 30 at once', async () => {
    await openAndEnd(it.native.launcher);
    await untilEmpty(() => groupsOf(it.native.ownerId));
    const before = descriptors(it.native.pid());
    for (let i = 0; i < 200; i += 1) expect(parseEnd(await openAndEnd(it.native.launcher))).toMatchObject({ cause: 0 });
    const many = await Promise.all(Array.from({ length: 30 }, () => openAndEnd(it.native.launcher)));
    expect(many.map((bytes) => parseEnd(bytes).waitStatus)).toEqual(Array.from({ length: 30 }, () => 0));
    await untilEmpty(() => groupsOf(it.native.ownerId));
    expect(descriptors(it.native.pid())).toEqual(before);
    expect(readFileSync(`/proc/${it.native.pid()}/task/${it.native.pid()}/children`, 'utf8')).toBe('');
  });

  test('gives each of 64 places a uid of its own and refuses the 65th', async () => {
    const places = await Promise.all(Array.from({ length: 64 }, () => openIdle(it.native.launcher)));
    const uids = processesOf(it.native.ownerId).map(
      (pid) => / \/box .*uid=(\d+)/.exec(readFileSync(`/proc/${pid}/mounts`, 'utf8'))![1],
    );
    expect(new Set(uids).size).toBe(64);
    const refused = parseLaunchError(await openAndEnd(it.native.launcher));
    expect(refused).toEqual({ errno: EAGAIN, message: 'all places of this launcher are in use' });
    await Promise.all(places.map(({ place }) => place[Symbol.asyncDispose]()));
    await untilEmpty(() => groupsOf(it.native.ownerId));
    expect(parseEnd(await openAndEnd(it.native.launcher))).toMatchObject({ waitStatus: 0 });
  });

  test('is out of reach of Ctrl-C and mounts nothing on the host', async () => {
    const session = readFileSync(`/proc/${it.native.pid()}/stat`, 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ')[3];
    expect(Number(session)).toBe(it.native.pid());
    process.kill(it.native.pid(), 'SIGINT');
    process.kill(it.native.pid(), 'SIGHUP');
    expect(parseEnd(await openAndEnd(it.native.launcher))).toMatchObject({ waitStatus: 0 });
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(it.setups.real.rootDir);
    expect(readFileSync(`/proc/${it.native.pid()}/mountinfo`, 'utf8').trim().split('\n')).toHaveLength(2);
  });

  test('takes other uids than one beside it, and not its name', async () => {
    await using second = await startNative(it.setups.real, it.stateDir);
    expect(second.launcher.describe()['firstUid']).not.toBe(it.native.launcher.describe()['firstUid']);
    expect(parseEnd(await openAndEnd(second.launcher))).toMatchObject({ waitStatus: 0 });
    await expect(startNative(it.setups.real, it.stateDir, second.ownerId)).rejects.toThrow(
      `the owner ${second.ownerId} is in use`,
    );
    expect(parseEnd(await openAndEnd(second.launcher))).toMatchObject({ waitStatus: 0 });
  });
});
