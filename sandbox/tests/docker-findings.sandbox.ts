import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type DockerLauncher, type DockerLauncherOptions, Engine } from '../src/docker/index.ts';
import { SupervisedSandbox, type PlaceLimits } from '../src/index.ts';
import { encodeFrame, type Frame, FrameReader } from '../src/protocol/index.ts';
import { BROKEN_RUNTIME, startTestEngine, type TestEngine } from '../src/testing/engine.ts';
import { FaultProxy, LATE_MS } from '../src/testing/fault-proxy.ts';
import { startDockerLauncher } from '../src/testing/start-docker-launcher.ts';
import { CACHE_DIR, testRoot } from '../src/testing/start-test-sandbox.ts';
import { cMain, MIB, python, sh, step } from './support/programs.ts';
import { endingOf, onlyRun, placesOf, processesIn, stdoutOf } from './support/use-sandbox.ts';

/*
 * What engines do to their clients, each case found on a real one. The engine is this file's own, because some tests kill
 * it; between it and the launcher stands a proxy that breaks chosen calls.
 */

let daemon: TestEngine;
let proxy: FaultProxy;
/** Around the proxy: what is really there. */
let direct: Engine;
let launcher: DockerLauncher;
let sandbox: SupervisedSandbox;
let image = '';
let ownerId = '';
const diagnostics: string[] = [];
const LIMITS: PlaceLimits = { memoryBytes: 64 * MIB, processes: 32, cpuMilli: 1000, deadlineMs: 30_000 };
const LONG = sh('echo so far; sleep 60', { limits: { wallTimeMs: 60_000 } });

beforeAll(async () => {
  daemon = await startTestEngine(CACHE_DIR);
  direct = new Engine(daemon.socketPath);
  const parts = { ...(await testRoot()), diagnostics };
  const first = await startDockerLauncher(daemon.socketPath, parts);
  image = first.image;
  await first.launcher.close();
});

afterAll(async () => {
  await daemon[Symbol.asyncDispose]();
});

beforeEach(async () => {
  diagnostics.length = 0;
  proxy = await FaultProxy.start(daemon.socketPath);
  await startLauncher();
});

afterEach(async () => {
  await launcher.close();
  await proxy[Symbol.asyncDispose]();
  await nothingIsLeft();
});

async function nothingIsLeft(): Promise<void> {
  await vi.waitFor(async () => expect(await containers()).toEqual([]), { timeout: 5000 });
  expect(placesOf(ownerId)).toEqual([]);
}

async function startLauncher(
  options: Partial<Pick<DockerLauncherOptions, 'ownerId' | 'runtime' | 'cgroupRoot' | 'hasCpuset'>> = {},
): Promise<void> {
  const parts = { ...(await testRoot()), diagnostics };
  const started = await startDockerLauncher(proxy.socketPath, parts, { image, ...options });
  launcher = started.launcher;
  ownerId = started.ownerId;
  sandbox = new SupervisedSandbox(launcher, { margins: { openMs: 6000 } });
}

async function containers(): Promise<readonly string[]> {
  return (await direct.listByLabel('runyard.sandbox')).map(({ labels }) => labels['runyard.sandbox'] ?? '');
}

async function untilRunning(): Promise<void> {
  await vi.waitFor(() => expect(placesOf(ownerId)).not.toEqual([]), { timeout: 5000 });
  await sleep(300);
}

/** The CPUs that a program may run on. */
async function programCpus(): Promise<readonly string[]> {
  const run = onlyRun(await sandbox.run(python('import os; print(*os.sched_getaffinity(0))')));
  return stdoutOf(run).trim().split(' ');
}

async function timed<T>(work: Promise<T>): Promise<{ result: T; ms: number }> {
  const startedAt = performance.now();
  const result = await work;
  return { result, ms: performance.now() - startedAt };
}

async function works(): Promise<void> {
  expect(stdoutOf(onlyRun(await sandbox.run(sh('echo ok'))))).toBe('ok\n');
}

describe('F1: a client that does not read', () => {
  test('its container can be killed and removed at once, and what it printed is not lost', async () => {
    const place = await launcher.open(LIMITS);
    place.stream.write(
      Buffer.concat([encodeFrame({ type: 'helloHost', deadlineMs: 30_000 }), ...floodFrames(8 * MIB)]),
    );
    // Nobody reads the stream; the attach socket is read all the same.
    await vi.waitFor(() => expect(place.stream.readableLength).toBeGreaterThan(8 * MIB), { timeout: 5000 });
    const before = performance.now();
    await place[Symbol.asyncDispose]();
    await vi.waitFor(async () => expect(await containers()).toEqual([]), { timeout: 2000 });
    expect(performance.now() - before).toBeLessThan(2000);
  });
});

/** STEP and GO of a program that prints so many bytes. */
function floodFrames(bytes: number): Buffer[] {
  const { argv, env, limits } = step(['head', '-c', String(bytes), '/dev/zero'], { limits: { outputBytes: bytes } });
  const definition = { type: 'step', step: 0, isCompile: false, patterns: [] } as const;
  const envList = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  return [
    encodeFrame({ ...definition, argv, env: envList, ...limits }),
    encodeFrame({ type: 'go', step: 0, isLast: true }),
  ];
}

describe('F2: an answer that breaks off', () => {
  test.each([
    ['create', /POST .*\/containers\/create/],
    ['attach', /POST .*\/attach/],
    ['start', /POST .*\/start/],
  ])('of %s: the report says so, and nothing is left', async (_name, request) => {
    proxy.next(request, 'cut');
    const { result, ms } = await timed(sandbox.run(sh('echo ok')));
    expect(result).toMatchObject({ runs: [], failure: { reason: 'launch_failed' } });
    expect(ms).toBeLessThan(6500);
    await works();
  });

  test('of attach, after its headers: the lost stream is not taken for the end of the program', async () => {
    proxy.next(/POST .*\/attach/, 'cut-after-headers');
    const { result, ms } = await timed(sandbox.run(sh('echo ok')));
    expect(result.runs).toEqual([]);
    expect(['launch_failed', 'supervisor_lost']).toContain(result.failure?.reason);
    expect(ms).toBeLessThan(6000);
  });

  test('of wait, after its headers: the program runs on, and its report is whole', async () => {
    proxy.next(/POST .*\/wait/, 'cut-after-headers');
    const run = onlyRun(await sandbox.run(sh('sleep 0.3; echo ok; exit 3')));
    expect([endingOf(run), stdoutOf(run)]).toEqual(['exited 3', 'ok\n']);
  });

  test('of inspect: PID 1 has told all, but without the second witness there is no report', async () => {
    proxy.next(/GET .*\/json/, 'cut');
    const { result, ms } = await timed(sandbox.run(sh('echo ok')));
    expect(result.failure).toMatchObject({ reason: 'supervisor_lost' });
    expect(ms).toBeLessThan(3000);
  });

  test('in the middle of a run: told within seconds', async () => {
    const running = timed(sandbox.run(LONG));
    await untilRunning();
    proxy.cutAll();
    const { result, ms } = await running;
    expect(result).toMatchObject({ runs: [], failure: { reason: 'supervisor_lost' } });
    expect(ms).toBeLessThan(6000);
  });

  test.each([
    ['attach', /POST .*\/attach/],
    ['start', /POST .*\/start/],
  ])('%s is never answered: our own deadline ends it', async (_name, request) => {
    proxy.next(request, 'black-hole');
    const { result, ms } = await timed(sandbox.run(sh('echo ok')));
    expect(result).toMatchObject({ runs: [], failure: { reason: 'launch_failed' } });
    expect(ms).toBeLessThan(6500);
  });

  test('a call that is given up holds no connection', async () => {
    proxy.freeze();
    await expect(launcher.check(300)).rejects.toThrow('ping the engine: no answer within 300 ms');
    await vi.waitFor(() => expect(proxy.connections).toBe(0));
    proxy.thaw();
    await launcher.check(1000);
  });
});

describe('F3: F9: F14: F15: the end of a program', () => {
  test('late answers change nothing', async () => {
    for (const call of ['create', 'start', 'wait', 'json']) proxy.next(new RegExp(`/${call}`), 'late');
    const { result, ms } = await timed(sandbox.run(sh('echo ok; exit 3')));
    expect([endingOf(result.runs[0]), stdoutOf(result.runs[0])]).toEqual(['exited 3', 'ok\n']);
    expect(ms).toBeGreaterThan(LATE_MS);
  });

  test('output of very short programs arrives 20 times of 20, with times that are none below zero', async () => {
    for (let round = 0; round < 20; round += 1) {
      const run = onlyRun(await sandbox.run(sh(`echo ${round}; exit ${round}`)));
      expect([endingOf(run), stdoutOf(run)]).toEqual([`exited ${round}`, `${round}\n`]);
      expect(run.usage.wallTimeMs).toBeGreaterThanOrEqual(0);
    }
  });

  test('a program that ends without reading 8 MB of stdin, or closes it', async () => {
    const stdin = Buffer.alloc(8 * MIB);
    const reports = [];
    for (const script of ['exit 4', 'exec <&-; sleep 0.2; exit 4', 'head -c 100000 > /dev/null; exit 4'])
      reports.push(await sandbox.run(sh(script, { stdin })));
    expect(reports.map((report) => endingOf(onlyRun(report)))).toEqual(['exited 4', 'exited 4', 'exited 4']);
  });

  test('137 is an exit code like any other; SIGKILL is a signal; memory is memory', async () => {
    const endings = [];
    for (const plan of [
      sh('exit 137'),
      sh('kill -KILL $$'),
      python('a = []\nwhile True: a.append(bytearray(1 << 20))', { limits: { memoryBytes: 32 * MIB } }),
    ])
      endings.push(endingOf(onlyRun(await sandbox.run(plan))));
    expect(endings).toEqual(['exited 137', 'signalled SIGKILL', 'memory_limit']);
  });
});

describe('F4: F5: what PID 1 finds', () => {
  test('the scratch folders have owner and mode, hold files, and arguments may be long', async () => {
    const script = 'id -u; stat -c "%n %a %u" /box /tmp /dev/shm /program; touch /box/a /tmp/a; echo ${#1}';
    const run = onlyRun(await sandbox.run(sh(script, { args: ['x'.repeat(60_000)] })));
    const [uid, ...lines] = stdoutOf(run).trim().split('\n');
    const folders = [`/box 700 ${uid}`, '/tmp 1777 0', '/dev/shm 1777 0', '/program 755 0'];
    expect(lines).toEqual([...folders, '60000']);
  });
});

describe('F10: the limits and the traces of a container', () => {
  test('the run step has its own memory limit, below that of the compiler', async () => {
    const eat = 'char *p = malloc(40 << 20); memset(p, 1, 40 << 20);';
    const report = await sandbox.run(
      cMain(eat, { limits: { memoryBytes: 32 * MIB } }, { limits: { memoryBytes: 64 * MIB } }),
    );
    expect(report.failure).toBeNull();
    expect([endingOf(report.compile), ...report.runs.map(endingOf)]).toEqual(['exited 0', 'memory_limit', 'exited 0']);
  });

  test('limits that cannot be set are told, and the step is not run', async () => {
    // Where the parent cgroup cannot be written, the engine must set them.
    await launcher.close();
    await startLauncher({ cgroupRoot: '/nowhere' });
    proxy.next(/POST .*\/update/, 'cut');
    const report = await sandbox.run(cMain('', { limits: { memoryBytes: 32 * MIB } }));
    expect(report).toMatchObject({ runs: [], failure: { reason: 'launch_failed' } });
    expect(report.failure?.message).toMatch(/limits of step 0 could not be set|limits of step 1 could not be set/);
    // Whose sweep at the start takes the cgroups that the other could not see.
    await launcher.close();
    await startLauncher({ ownerId });
  });

  test.skipIf(availableParallelism() < 2)('a CPU of its own on request, else all of them', async () => {
    expect((await programCpus()).length).toBeGreaterThan(1);
    await launcher.close();
    await startLauncher({ hasCpuset: true });
    await launcher.open(LIMITS);
    const [container] = await direct.docker.listContainers();
    const { HostConfig: config } = await direct.docker.getContainer(container?.Id ?? '').inspect();
    const cpus = await programCpus();
    expect(cpus).toHaveLength(1);
    expect(config.CpusetCpus).toMatch(/^[0-9]+$/);
    expect(cpus).not.toContain(config.CpusetCpus);
  });

  test('no parent cgroup is left in any hierarchy', async () => {
    await works();
    await vi.waitFor(() => expect(parentsInAllHierarchies()).toEqual([]), { timeout: 3000 });
  });
});

function parentsInAllHierarchies(): string[] {
  return readdirSync('/sys/fs/cgroup').flatMap((name) => {
    try {
      return readdirSync(`/sys/fs/cgroup/${name}/runyard-docker`).filter((entry) => entry.startsWith(ownerId));
    } catch {
      return [];
    }
  });
}

describe('F16: what nobody removes', () => {
  test('a start that fails leaves no container', async () => {
    await launcher.close();
    await startLauncher({ runtime: BROKEN_RUNTIME });
    expect(await sandbox.run(sh('true'))).toMatchObject({ failure: { reason: 'launch_failed' } });
    await vi.waitFor(async () => expect(await containers()).toEqual([]), { timeout: 3000 });
  });

  test('a runtime that the engine does not have is refused, with the names of those it has', async () => {
    const start = startLauncher({ runtime: 'runsc' });
    await expect(start).rejects.toThrow(/the engine has no runtime runsc \(it has .*runc/);
  });

  test('what a process that was killed left goes when its successor starts', async () => {
    const child = spawn(process.execPath, [new URL('./testing/docker-launcher-host.ts', import.meta.url).pathname], {
      env: { ...process.env, SOCKET: daemon.socketPath, IMAGE: image, OWNER: ownerId },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    child.kill('SIGKILL');
    expect(await containers()).toHaveLength(2);
    await launcher.close();
    await startLauncher({ ownerId });
    expect(await containers()).toEqual([]);
  });

  test('a container past its time goes, whoever made it', async () => {
    const created = await direct.create({
      name: 'runyard-u1',
      Image: image,
      Labels: { 'runyard.sandbox': 'other.1', 'runyard.owner': 'other', 'runyard.expires': String(Date.now() - 1) },
    });
    expect(created).not.toBeNull();
    const again = await direct.create({ name: 'runyard-u1', Image: image });
    expect(again).toBeNull();
    await startLauncher();
    expect(await containers()).toEqual([]);
  });

  test('a place that the host forgot is killed at its deadline', async () => {
    const place = await launcher.open({ ...LIMITS, deadlineMs: 500 });
    const frames: Frame[] = [];
    const reader = new FrameReader((frame) => frames.push(frame));
    place.stream.on('data', (data: Buffer) => reader.push(data));
    await new Promise((resolve) => place.stream.once('end', resolve));
    expect(frames.at(-1)).toMatchObject({ type: 'end', cause: 'deadline', waitStatus: 9 });
    await place[Symbol.asyncDispose]();
  });

  test('closing under a running program: told, and nothing left', async () => {
    const running = sandbox.run(LONG);
    await untilRunning();
    const { ms } = await timed(launcher.close());
    expect(ms).toBeLessThan(3000);
    expect(await running).toMatchObject({ failure: { reason: 'supervisor_lost', message: 'the launcher is closing' } });
    expect(await containers()).toEqual([]);
    expect(await sandbox.run(sh('true'))).toMatchObject({ failure: { reason: 'launch_failed' } });
  });
});

describe('the engine itself', () => {
  test('is killed during runs: told at once; when it is back all works and nothing is left', async () => {
    const running = [1, 2].map(() => timed(sandbox.run(LONG)));
    await untilRunning();
    await daemon.kill();
    for (const { result: lost, ms: lostMs } of await Promise.all(running)) {
      expect(lost).toMatchObject({ runs: [], failure: { reason: 'supervisor_lost' } });
      expect(lostMs).toBeLessThan(8000);
    }
    await expect(launcher.check(1000)).rejects.toThrow(/ping the engine/);
    const { result, ms } = await timed(sandbox.run(sh('echo ok')));
    expect(result).toMatchObject({ failure: { reason: 'launch_failed' } });
    expect(ms).toBeLessThan(1000);
    await daemon.start();
    await launcher.check(1000);
    await works();
  });

  test('is frozen during runs: no promise hangs, the program is dead at its deadline, then all works', async () => {
    const short = new SupervisedSandbox(launcher, {
      margins: { stepMs: 300, netMs: 300, endingMs: 800, openMs: 1500 },
    });
    const running = timed(short.run(sh('sleep 60', { limits: { wallTimeMs: 1000 } })));
    await untilRunning();
    process.kill(daemon.pid, 'SIGSTOP');
    try {
      const { result, ms } = await running;
      expect(result.failure).not.toBeNull();
      expect(ms).toBeLessThan(5000);
      const asked = timed(launcher.check(1000));
      await expect(asked).rejects.toThrow('no answer within 1000 ms');
      const next = await timed(short.run(sh('echo ok')));
      expect(next.result).toMatchObject({ failure: { reason: 'launch_failed' } });
      expect(next.ms).toBeLessThan(2500);
      // Without any help of the engine.
      await vi.waitFor(() => expect(placesOf(ownerId).flatMap(processesIn)).toEqual([]), { timeout: 3000 });
    } finally {
      process.kill(daemon.pid, 'SIGCONT');
    }
    await vi.waitFor(() => launcher.check(1000), { timeout: 10_000 });
    await works();
  });
});
