import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { describe, expect, test, vi } from 'vitest';
import { SupervisedSandbox } from './index.ts';
import { encodeFrame } from './protocol/index.ts';
import { FakeLauncher, type Script } from './testing/fake-launcher.ts';
import {
  COMPILED,
  LIMITS,
  NOTHING,
  PLAN,
  RUN,
  SHORT,
  greetThen,
  kinds,
  launcherOf,
  run,
  text,
} from './testing/session-fixtures.ts';

describe('PID 1 gone without a record', () => {
  test('a memory kill is the memory limit of the running step, output so far kept, usage from END', async () => {
    const report = await run(async (pid1) => {
      await pid1.greet();
      pid1.send({ type: 'stdout', step: 0, data: Buffer.from('so far') });
      pid1.end({ waitStatus: 9, oomKills: 1, memoryPeakBytes: 777, cpuUs: 42_000, pidsPeak: 3 });
    });
    expect(kinds(report)).toEqual({ runs: ['memory_limit'] });
    expect(text(report.runs[0]?.output.combined)).toBe('so far');
    expect(report.runs[0]?.usage).toMatchObject({ cpuTimeMs: 42, memoryBytes: 777, processesPeak: 3 });
  });

  test('the same inside a frame: what END completed is not output', async () => {
    const report = await run(async (pid1) => {
      await pid1.greet();
      const half = encodeFrame({ type: 'stdout', step: 0, data: Buffer.alloc(60, 'a') }).subarray(0, 8 + 30);
      pid1.sendBytes(half);
      pid1.end({ waitStatus: 9, oomKills: 1 });
    });
    expect(kinds(report)).toEqual({ runs: ['memory_limit'] });
    expect(text(report.runs[0]?.output.stdout)).toBe('a'.repeat(30));
  });

  test('the compile step dies so: no run, no failure', async () => {
    const report = await run(async (pid1) => {
      await pid1.greet();
      pid1.end({ waitStatus: 9, oomKills: 1 });
    }, COMPILED);
    expect(kinds(report)).toEqual({ compile: 'memory_limit', runs: [] });
  });

  test('the second step dies so: CPU of the first is not counted twice', async () => {
    const report = await run(async (pid1) => {
      await pid1.greet();
      pid1.exit(0, { cpuUs: 30_000, oomKills: 1 });
      await pid1.next('go');
      await pid1.next('go');
      pid1.end({ waitStatus: 9, oomKills: 2, cpuUs: 42_000 });
    }, COMPILED);
    expect(kinds(report)).toEqual({ compile: 'exited', runs: ['memory_limit'] });
    expect(report.runs[0]?.usage.cpuTimeMs).toBe(12);
    expect(report.compile?.oomInChild).toBe(true);
  });

  test('with runs left over it is a failure as well', async () => {
    const report = await run(
      async (pid1) => {
        await pid1.greet();
        pid1.end({ oomKills: 1 });
      },
      { files: [], runs: [RUN, RUN] },
    );
    expect(kinds(report)).toEqual({ runs: ['memory_limit'], failure: 'supervisor_lost' });
  });

  test.each([
    ['self', 'supervisor_lost'],
    ['deadline', 'deadline'],
    ['closing', 'supervisor_lost'],
    ['hang_up', 'supervisor_lost'],
  ] as const)('no memory kill, cause %s: a failure', async (cause, failure) => {
    const report = await run(async (pid1) => {
      await pid1.greet();
      pid1.end({ waitStatus: 256, cause });
    });
    expect(kinds(report)).toEqual({ runs: [], failure });
  });

  test('after its record the missing DONE does not matter', async () => {
    const report = await run(async (pid1) => {
      await pid1.greet();
      pid1.exit(0);
      pid1.end({ waitStatus: 9 });
    });
    expect(kinds(report)).toEqual({ runs: ['exited'] });
  });

  test("memory kills are the step's only as far as its own cgroup counted them", async () => {
    const report = await run(async (pid1) => {
      await pid1.greet();
      pid1.exit(0, { kind: 'signalled', value: 9, memorySource: 'cgroup' });
      pid1.send({ type: 'done' });
      pid1.end({ oomKills: 1 });
    });
    expect(kinds(report)).toEqual({ runs: ['signalled'] });
  });

  test('a memory kill that only the launcher saw belongs to the last step when PID 1 cannot count', async () => {
    const report = await run(async (pid1) => {
      await pid1.greet();
      pid1.exit(0, { kind: 'signalled', value: 9, memorySource: 'rss' });
      pid1.send({ type: 'done' });
      pid1.end({ oomKills: 1 });
    });
    expect(kinds(report)).toEqual({ runs: ['memory_limit'] });
  });
});

function timers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
}

describe('faults of the machinery never leave the promise pending', () => {
  test.each<[string, Script, string]>([
    ['nobody answers', () => undefined, 'deadline'],
    ['greets and stalls', (pid1) => pid1.greet(), 'deadline'],
    ['closes at once', (pid1) => void pid1.stream.end(), 'supervisor_lost'],
    ['is destroyed at once', (pid1) => void pid1.stream.destroy(), 'supervisor_lost'],
    ['END at once', (pid1) => pid1.end({ waitStatus: 9 }), 'supervisor_lost'],
    ['stalls inside a frame', (pid1) => pid1.sendBytes(Buffer.from('0800000081', 'hex')), 'deadline'],
    ['closes inside a frame', (pid1) => void pid1.stream.end(Buffer.from('0800000081', 'hex')), 'supervisor_lost'],
    ['garbage, then nothing', (pid1) => pid1.sendBytes(Buffer.alloc(500, 0xee)), 'protocol'],
    ['garbage, then END', (pid1) => (pid1.sendBytes(Buffer.alloc(500, 0xee)), pid1.end()), 'protocol'],
    ['speaks before HELLO', (pid1) => pid1.send({ type: 'ready' }), 'protocol'],
    [
      'HELLO of another version',
      (pid1) => pid1.sendBytes(Buffer.from('080000008100000052594431FF000000', 'hex')),
      'protocol',
    ],
    [
      'a launcher that cannot',
      (pid1) => pid1.send({ type: 'launchError', errno: 28, message: 'no room' }),
      'launch_failed',
    ],
    [
      'ERROR before READY',
      (pid1) => pid1.send({ type: 'helloSandbox' }, { type: 'error', code: 2, message: 'x' }),
      'launch_failed',
    ],
    ['ERROR later', greetThen((pid1) => pid1.send({ type: 'error', code: 2, message: 'x' })), 'supervisor_lost'],
    ['ERROR of the protocol', greetThen((pid1) => pid1.send({ type: 'error', code: 1, message: 'x' })), 'protocol'],
    ['ERROR of its deadline', greetThen((pid1) => pid1.send({ type: 'error', code: 5, message: 'x' })), 'deadline'],
    ['DONE in the middle', greetThen((pid1) => pid1.finish()), 'protocol'],
    [
      'output of a step that does not run',
      greetThen((pid1) => pid1.send({ type: 'stdout', step: 1, data: NOTHING })),
      'protocol',
    ],
    ['empty output', greetThen((pid1) => pid1.send({ type: 'stdout', step: 0, data: NOTHING })), 'protocol'],
    [
      'more output than the limit',
      greetThen((pid1) => pid1.send({ type: 'stdout', step: 0, data: Buffer.alloc(101) })),
      'protocol',
    ],
    ['the end of another step', greetThen((pid1) => pid1.exit(1)), 'protocol'],
    ['a frame of the host', greetThen((pid1) => pid1.sendBytes(encodeFrame({ type: 'cancel', step: 0 }))), 'protocol'],
    ['record, but no END', greetThen((pid1) => pid1.exit(0)), 'deadline'],
    ['record, then the stream closes', greetThen((pid1) => (pid1.exit(0), void pid1.stream.end())), 'supervisor_lost'],
  ])('%s', async (_name, script, failure) => {
    const report = await run(script);
    expect(report.failure?.reason).toBe(failure);
    await vi.waitFor(() => expect(report.launcher.released).toBe(1));
  });

  test('after garbage not even a memory kill proves anything', async () => {
    const report = await run((pid1) => {
      pid1.sendBytes(Buffer.alloc(500, 0xee));
      pid1.end({ oomKills: 1 });
    });
    expect(kinds(report)).toEqual({ runs: [], failure: 'protocol' });
  });

  const LONG = { ...PLAN, runs: PLAN.runs.map((step) => ({ ...step, limits: { ...LIMITS, wallTimeMs: 600_000 } })) };
  const margins = { ...SHORT, endingMs: 30 };

  test.each<[string, Script, string]>([
    ['after the last record', greetThen((pid1) => pid1.exit(0)), 'deadline'],
    ['after garbage', (pid1) => pid1.sendBytes(Buffer.alloc(500, 0xee)), 'protocol'],
  ])('%s nobody waits for the wall limit of a step', async (_name, script, reason) => {
    const report = await new SupervisedSandbox(new FakeLauncher(script), { margins }).run(LONG);
    expect(report.failure?.reason).toBe(reason);
  });

  test('a stream that only closes', async () => {
    const stream = new Duplex({ read: () => undefined, write: (_chunk, _encoding, callback) => callback() });
    setImmediate(() => stream.destroy());
    const report = await new SupervisedSandbox(launcherOf(() => Promise.resolve(stream))).run(LONG);
    expect(report.failure?.reason).toBe('supervisor_lost');
  });

  test('a stream that is closed already', async () => {
    const stream = new Duplex({ read: () => undefined });
    stream.destroy();
    await once(stream, 'close');
    const report = await new SupervisedSandbox(launcherOf(() => Promise.resolve(stream))).run(LONG);
    expect(report.failure?.reason).toBe('supervisor_lost');
  });

  test('the end of a session closes the stream and leaves no timer', async () => {
    const stream = new Duplex({ read: () => undefined, write: (_chunk, _encoding, callback) => callback() });
    const place = { stream, [Symbol.asyncDispose]: () => Promise.resolve() };
    const launcher = { ...launcherOf(() => Promise.resolve(stream)), open: () => Promise.resolve(place) };
    const before = timers();
    const running = new SupervisedSandbox(launcher).run(LONG);
    await new Promise(setImmediate);
    stream.push(encodeFrame({ type: 'launchError', errno: 28, message: 'no room' }));
    await running;
    expect([stream.destroyed, timers()]).toEqual([true, before]);
  });

  test('a stream that fails on write says so and is caught', async () => {
    const stream = new Duplex({
      read: () => undefined,
      write: (_chunk, _encoding, callback) => callback(new Error('EPIPE')),
    });
    const report = await new SupervisedSandbox(
      launcherOf(() => Promise.resolve(stream)),
      { margins: SHORT },
    ).run(PLAN);
    expect(report.failure).toEqual({ reason: 'supervisor_lost', message: 'the stream ended without END: EPIPE' });
  });

  test.each<[string, () => Promise<Duplex>, string]>([
    ['rejects', () => Promise.reject(new Error('no engine')), 'no engine'],
    [
      'throws',
      () => {
        throw new Error('bad day');
      },
      'bad day',
    ],
    ['never answers', () => new Promise(() => undefined), 'the launcher gave no place within 50 ms'],
  ])('a launcher that %s', async (_name, open, message) => {
    const report = await new SupervisedSandbox(launcherOf(open), { margins: SHORT }).run(PLAN);
    expect(report).toMatchObject({ compile: null, runs: [], failure: { reason: 'launch_failed', message } });
  });

  test('a place that comes too late is released', async () => {
    const { promise: late, resolve: bring } = Promise.withResolvers<Duplex>();
    await new SupervisedSandbox(
      launcherOf(() => late),
      { margins: SHORT },
    ).run(PLAN);
    const stream = new Duplex({ read: () => undefined });
    bring(stream);
    await vi.waitFor(() => expect(stream.destroyed).toBe(true));
  });
});
