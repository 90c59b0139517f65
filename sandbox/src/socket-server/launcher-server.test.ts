/** The server with a launcher in memory behind it and our own client, or raw bytes, before it. */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SupervisedSandbox, type SandboxPlan } from '../index.ts';
import { encodeFrame, type HostFrame } from '../protocol/index.ts';
import { NoRoomError, type Place } from '../sandbox.ts';
import { SocketLauncher } from '../socket/index.ts';
import { encodeOpenFrame } from '../socket/open-frame.ts';
import { encodeProbe } from '../socket/probe.ts';
import { FakeLauncher, type Script } from '../testing/fake-launcher.ts';
import { LauncherServer, type LauncherServerOptions } from './launcher-server.ts';

const MIB = 1024 * 1024;
const LIMITS = { memoryBytes: 64 * MIB, processes: 16, cpuMilli: 1000, deadlineMs: 20_000 };
const STEP_LIMITS = {
  wallTimeMs: 1000,
  cpuTimeMs: 1000,
  memoryBytes: 32 * MIB,
  outputBytes: MIB,
  processes: 8,
  fileBytes: MIB,
  openFiles: 64,
  stackBytes: MIB,
};
const PLAN: SandboxPlan = {
  files: [{ path: 'a', mode: 0o644, content: Buffer.from('text') }],
  runs: [{ argv: ['/bin/cat'], env: {}, stdin: Buffer.from('in'), limits: STEP_LIMITS }],
};
const OPEN = encodeOpenFrame(LIMITS);
const HELLO = encodeFrame({ type: 'helloHost', deadlineMs: 1000 });
const EPROTO = 71;

let folder: string;
let socketPath: string;
let server: LauncherServer | null = null;
let fake: FakeLauncher;
let trouble: string[];
const sockets: Socket[] = [];

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'runyard-socket-'));
  socketPath = path.join(folder, 'launcher.sock');
  trouble = [];
});

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  server?.stopListening();
  server?.hangUp();
  server = null;
  rmSync(folder, { recursive: true });
});

async function serve(
  script: Script,
  options: Partial<LauncherServerOptions> = {},
  prepareStep?: Place['prepareStep'],
): Promise<void> {
  fake = new FakeLauncher(script, prepareStep);
  server = await LauncherServer.start({
    launcher: {
      name: 'docker',
      open: (limits) => fake.open(limits),
      describe: () => ({ launcher: 'docker', ownerId: '0123abcd' }),
      close: () => fake.close(),
    },
    check: () => Promise.resolve(),
    setup: { runtimeRoot: 'root', toolchains: { c: 'gcc 14.2' } },
    bounds: { memoryBytes: 1024 * MIB, processes: 256, cpuMilli: 1000, deadlineMs: 86_400_000, outputBytes: 16 * MIB },
    maxPlaces: 4,
    socketPath,
    access: { kind: 'owner' },
    onTrouble: (text) => void trouble.push(text),
    ...options,
  });
}

/** Greets, takes one step whole, and says what was read. */
const echo: Script = async (pid1) => {
  await pid1.greet();
  await pid1.next('go');
  const { data } = await pid1.next('stdin');
  pid1.send({ type: 'stdout', step: 0, data });
  pid1.exit(0);
  pid1.finish();
};

const PID1_WAITS: Script = async (pid1) => {
  await pid1.greet();
  await pid1.next('go');
};

const flood: Script = async (pid1) => {
  await pid1.greet();
  await pid1.next('go');
  const data = Buffer.alloc(60_000);
  for (let sent = 0; sent < 400 && !pid1.stream.destroyed; sent += 1) {
    pid1.send({ type: 'stdout', step: 0, data });
    await new Promise(setImmediate);
  }
};

function connect(): Socket {
  const socket = createConnection({ path: socketPath, allowHalfOpen: true });
  socket.on('error', () => undefined);
  sockets.push(socket);
  return socket;
}

function readAll(socket: Socket): Promise<Buffer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('end', () => socket.destroy());
    socket.on('close', () => resolve(Buffer.concat(chunks)));
  });
}

/** LAUNCH_ERROR at the end of the bytes, by the table of PROTOCOL.md. */
function refusalIn(bytes: Buffer): { errno: number; message: string } {
  const offset = bytes.indexOf(Buffer.from([0xc1, 0, 0, 0])) - 4;
  if (offset < 0 || bytes.readUInt32LE(offset) !== bytes.length - offset - 8) throw new Error(bytes.toString('latin1'));
  return { errno: bytes.readUInt32LE(offset + 8), message: bytes.subarray(offset + 12).toString() };
}

function say(...frames: HostFrame[]): Buffer {
  return Buffer.concat([OPEN, HELLO, ...frames.map((frame) => encodeFrame(frame))]);
}

const STEP: HostFrame & { type: 'step' } = {
  type: 'step',
  step: 0,
  isCompile: false,
  argv: ['/bin/true'],
  env: [],
  patterns: [],
  ...STEP_LIMITS,
};
const GO = { type: 'go', step: 0, isLast: true } as const;

describe('through our own client', () => {
  test('the launcher says what it is', async () => {
    await serve(echo);
    const launcher = await SocketLauncher.connect({ socketPath });
    expect(launcher.name).toBe('docker');
    expect(launcher.facts).toEqual({
      launcher: { launcher: 'docker', ownerId: '0123abcd' },
      runtimeRoot: 'root',
      toolchains: { c: 'gcc 14.2' },
    });
    await expect(launcher.check(1000)).resolves.toBeUndefined();
  });

  test('a plan runs, its frames pass through, its limits are set before GO', async () => {
    const prepared: unknown[] = [];
    await serve(echo, {}, (limits) => Promise.resolve(void prepared.push({ ...limits })));
    const sandbox = new SupervisedSandbox(await SocketLauncher.connect({ socketPath }));
    const report = await sandbox.run(PLAN);
    expect(report.failure).toBeNull();
    expect(report.runs[0]?.output.stdout.toString()).toBe('in');
    expect(fake.opened).toMatchObject([{ memoryBytes: 32 * MIB, processes: 8, cpuMilli: 1000 }]);
    expect(prepared).toMatchObject([{ memoryBytes: 32 * MIB, processes: 8 }]);
    await expect.poll(() => fake.released).toBe(1);
    expect(fake.scriptErrors).toEqual([]);
    expect(trouble).toEqual([]);
  });

  test('a step for which no memory is left is not started, in the words of PID 1, which is told to end', async () => {
    let heard: string[] = [];
    const script: Script = async (pid1) => {
      await pid1.greet();
      await pid1.next('cancel');
      heard = pid1.heard.map(({ type }) => type);
      pid1.finish();
    };
    await serve(script, {}, () => Promise.reject(new NoRoomError('full')));
    const sandbox = new SupervisedSandbox(await SocketLauncher.connect({ socketPath }));
    const report = await sandbox.run(PLAN);
    expect(report.failure).toBeNull();
    const message = 'not enough memory to start the program';
    expect(report.runs.map(({ ending }) => ending)).toEqual([{ kind: 'not_started', message }]);
    expect(heard).not.toContain('go');
  });

  test('limits that cannot be set are a fault of ours', async () => {
    await serve(
      (pid1) => pid1.greet(),
      {},
      () => Promise.reject(new Error('engine down')),
    );
    const sandbox = new SupervisedSandbox(await SocketLauncher.connect({ socketPath }));
    expect((await sandbox.run(PLAN)).failure).not.toBeNull();
    expect(trouble).toEqual(['engine down']);
  });

  test('while no place can be made the question is answered by the reason', async () => {
    await serve(echo);
    const launcher = await SocketLauncher.connect({ socketPath });
    server?.stopListening();
    server?.hangUp();
    await serve(echo, { check: () => Promise.reject(new Error('no engine')) });
    await expect(launcher.check(1000)).rejects.toThrow('no engine');
  });

  test('a launcher that is gone is named within the patience, and one that is back is used', async () => {
    await serve(echo);
    const launcher = await SocketLauncher.connect({ socketPath, reopenMs: 100 });
    server?.stopListening();
    await expect(launcher.open(LIMITS)).rejects.toThrow(`no connection to the launcher at ${socketPath}`);
    const waiting = new SupervisedSandbox(await Promise.resolve(launcher)).run(PLAN);
    await serve(echo);
    expect((await waiting).failure).toBeNull();
  });
});

describe('a client that is somebody else', () => {
  test.each<[string, Buffer, string]>([
    ['HTTP', Buffer.from(`GET /containers/json HTTP/1.1\r\n\r\n${'x'.repeat(100)}`), 'OPEN: wrong length'],
    [
      'a verb of its own',
      Buffer.concat([Buffer.from([68, 0, 0, 0, 0xa2]), Buffer.alloc(71)]),
      'OPEN: wrong frame type',
    ],
    ['an oversized frame', Buffer.concat([OPEN, Buffer.from([1, 0, 1, 0, 5, 0, 0, 0])]), 'a frame of 65537 bytes'],
    ['an unknown frame', Buffer.concat([OPEN, Buffer.from([0, 0, 0, 0, 0x33, 0, 0, 0])]), 'frame type 0x33'],
    ['a second OPEN', Buffer.concat([OPEN, OPEN]), 'open from the host'],
    ['words of PID 1', Buffer.concat([OPEN, encodeFrame({ type: 'done' })]), 'done from the host'],
    ['GO without STEP', say(GO), 'GO without its STEP'],
    [
      'more memory than OPEN',
      say({ ...STEP, memoryBytes: 64 * MIB + 1 }),
      'STEP: memoryBytes is above what the place has',
    ],
    ['more processes than OPEN', say({ ...STEP, processes: 17 }), 'STEP: processes is above what the place has'],
    ['endless output', say({ ...STEP, outputBytes: 2 ** 40 }), 'STEP: outputBytes is above what the place has'],
  ])('says %s, is refused by name, and its place is gone', async (_, bytes, message) => {
    await serve(() => undefined);
    const socket = connect();
    const all = readAll(socket);
    socket.write(bytes);
    expect(refusalIn(await all)).toEqual({ errno: EPROTO, message });
    expect(fake.released).toBe(fake.opened.length);
  });

  test('that hangs up takes its place with it', async () => {
    await serve(PID1_WAITS, { limits: { finishMs: 50 } });
    const socket = connect();
    socket.write(say(STEP, GO));
    await expect.poll(() => fake.opened.length).toBe(1);
    socket.destroy();
    await expect.poll(() => fake.released).toBe(1);
  });

  test('that says nothing is given up', async () => {
    await serve(PID1_WAITS, { limits: { openMs: 50 } });
    const socket = connect();
    socket.write(OPEN.subarray(0, 75));
    expect(refusalIn(await readAll(socket))).toEqual({ errno: 110, message: 'OPEN did not come in time' });
  });

  test('that opens too many places is refused the next, and gets one when another is over', async () => {
    await serve(PID1_WAITS, { limits: { finishMs: 50 } });
    const held = Array.from({ length: 4 }, connect);
    for (const socket of held) socket.write(say(STEP));
    await expect.poll(() => fake.opened.length).toBe(4);
    const fifth = connect();
    fifth.write(OPEN);
    expect(refusalIn(await readAll(fifth))).toEqual({ errno: 11, message: 'all places of this launcher are in use' });
    held[0]?.destroy();
    await expect.poll(() => fake.released).toBe(1);
    connect().write(OPEN);
    await expect.poll(() => fake.opened.length).toBe(5);
  });

  test('that connects thousands of times holds a bounded number, and others are served afterwards', async () => {
    await serve(echo, { limits: { maxConnections: 20 } });
    const crowd = Array.from({ length: 2000 }, connect);
    let refused = 0;
    for (const socket of crowd) {
      const { promise, resolve } = Promise.withResolvers<void>();
      // Hung up on, or not even let into the queue.
      socket.resume().once('end', resolve).once('error', resolve);
      void promise.then(() => (refused += 1));
    }
    await expect.poll(() => refused, { timeout: 15_000 }).toBeGreaterThanOrEqual(1980);
    expect(trouble).toContain('too many connections');
    for (const socket of crowd) socket.destroy();
    const launcher = await SocketLauncher.connect({ socketPath });
    expect((await new SupervisedSandbox(launcher).run(PLAN)).failure).toBeNull();
  });

  test('that does not read is hung up on before it fills the memory', async () => {
    await serve(flood, { limits: { maxUnreadBytes: 4 * MIB } });
    const socket = connect();
    socket.pause();
    socket.write(say(STEP, GO));
    await expect.poll(() => trouble).toEqual(['a client does not read what its program prints']);
    await expect.poll(() => fake.released).toBe(1);
  });

  test('asks as often as it likes for one question to the engine at a time', async () => {
    let running = 0;
    let mostAtOnce = 0;
    const check = async (): Promise<void> => {
      running += 1;
      mostAtOnce = Math.max(mostAtOnce, running);
      await new Promise(setImmediate);
      running -= 1;
    };
    await serve(echo, { check });
    const answers = Array.from({ length: 20 }, () => {
      const socket = connect();
      socket.end(encodeProbe());
      return readAll(socket);
    });
    for (const answer of await Promise.all(answers)) expect(answer[4]).toBe(0xc2);
    expect(mostAtOnce).toBe(1);
  });
});

describe('the socket', () => {
  test('is made for its owner alone', async () => {
    await serve(echo);
    expect(statSync(socketPath).mode & 0o777).toBe(0o600);
  });

  test('of another launcher that lives is not taken, one that is left is', async () => {
    await serve(echo);
    const first = server;
    await expect(serve(echo)).rejects.toThrow(`another launcher listens at ${socketPath}`);
    first?.stopListening();
  });

  test('is not made where others could replace it', async () => {
    const { chmodSync } = await import('node:fs');
    chmodSync(folder, 0o777);
    await expect(serve(echo)).rejects.toThrow('others may write to');
  });

  test('does not take the place of a file', async () => {
    const { writeFileSync } = await import('node:fs');
    writeFileSync(socketPath, 'mine');
    await expect(serve(echo)).rejects.toThrow('is no socket');
  });
});
