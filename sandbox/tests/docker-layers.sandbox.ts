import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Engine } from '../src/docker/index.ts';
import { startTestEngine, type TestEngine } from '../src/testing/engine.ts';
import { startDockerLauncher } from '../src/testing/start-docker-launcher.ts';
import { CACHE_DIR, testRoot } from '../src/testing/start-test-sandbox.ts';
import { placesOf, processesIn } from './support/use-sandbox.ts';

/*
 * Who ends a container when those who should are gone. Each test takes away all nets above one and measures how long after
 * its deadline the last process was gone: 10 s are promised. The program sleeps for ten minutes and leaves a daemon.
 */

const PROMISED_MS = 10_000;
/** From the start of the container until its launcher kills it. */
const DEADLINE_MS = 6_000;
/** PID 1's own. */
const PID1_MS = 4_000;
const NEVER_MS = 600_000;
const REAPER = path.join(import.meta.dirname, '../../services/reaper/src/main.ts');
const HOST = fileURLToPath(import.meta.resolve('./testing/layers-host.ts'));

let daemon: TestEngine;
let engine: Engine;
let image = '';
let ownerId = '';
let children: ChildProcess[] = [];
/** Shown at the end: test, when the processes and when the container were gone, in ms after the deadline. */
const times: [string, number, number][] = [];

beforeAll(async () => {
  daemon = await startTestEngine(CACHE_DIR);
  engine = new Engine(daemon.socketPath);
  const first = await startDockerLauncher(daemon.socketPath, { ...(await testRoot()), diagnostics: [] });
  image = first.image;
  await first.launcher.close();
});

afterAll(async () => {
  const lines = times.map(([name, gone, removed]) => `${name}: processes ${gone} ms, container ${removed} ms`);
  process.stdout.write(`after the deadline:\n${lines.join('\n')}\n`);
  await daemon[Symbol.asyncDispose]();
});

beforeEach(() => {
  ownerId = randomBytes(4).toString('hex');
});

afterEach(async () => {
  thaw(daemon.pid);
  for (const child of children) await endOf(child);
  children = [];
  for (const { id } of await engine.listByLabel('runyard.sandbox')) await engine.removeById(id);
});

async function endOf(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

function thaw(pid: number): void {
  process.kill(pid, 'SIGCONT');
}

async function start(file: string, env: Record<string, string>, firstWord: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [file], { stdio: ['pipe', 'pipe', 'ignore'], env });
  children.push(child);
  for await (const chunk of child.stdout) if (String(chunk).includes(firstWord)) break;
  if (child.exitCode !== null) throw new Error(`${path.basename(file)} ended with ${child.exitCode}`);
  return child;
}

function startReaper(): Promise<ChildProcess> {
  const env = { DOCKER_HOST: `unix://${daemon.socketPath}`, RUNYARD_REAPER_OWNER: ownerId };
  return start(REAPER, env, 'ready');
}

/** Its launcher is its executor too: killing it takes both away. */
async function startProgram(
  pid1Ms: number,
  deadlineMs = DEADLINE_MS,
): Promise<{ host: ChildProcess; deadlineAtMs: number }> {
  const numbers = { DEADLINE_MS: String(deadlineMs), PID1_MS: String(pid1Ms) };
  const env = { ...numbers, SOCKET: daemon.socketPath, IMAGE: image, OWNER: ownerId };
  const host = await start(HOST, env, 'on');
  const [container] = await containers();
  const { startedAtMs } = await engine.timesOf(container?.id ?? '');
  return { host, deadlineAtMs: (startedAtMs ?? 0) + deadlineMs };
}

function processes(): number[] {
  return [...new Set(placesOf(ownerId).flatMap(processesIn))];
}

function pid1(): number {
  const found = processes().find((pid) => readFileSync(`/proc/${pid}/comm`, 'utf8') === 'supervisor\n');
  if (found === undefined) throw new Error('no supervisor runs');
  return found;
}

async function containers() {
  const all = await engine.listByLabel('runyard.sandbox');
  return all.filter(({ labels }) => labels['runyard.owner'] === ownerId);
}

async function untilGone(): Promise<number> {
  while (processes().length > 0) await sleep(20);
  return Date.now();
}

async function untilRemoved(): Promise<number> {
  while ((await containers()).length > 0) await sleep(50);
  return Date.now();
}

/** Resolves to how long after the deadline the last process was gone, when the container is gone too. */
async function endAfter(name: string, deadlineAtMs: number, beforeRemoval?: () => void): Promise<number> {
  const gone = (await untilGone()) - deadlineAtMs;
  beforeRemoval?.();
  const removed = (await untilRemoved()) - deadlineAtMs;
  times.push([name, gone, removed]);
  return gone;
}

describe('nothing outlives its deadline by more than ten seconds', () => {
  test('executor and launcher killed: the hang-up ends it, the reaper takes it away', async () => {
    await startReaper();
    const { host, deadlineAtMs } = await startProgram(NEVER_MS);
    host.kill('SIGKILL');
    expect(await endAfter('hang-up', deadlineAtMs)).toBeLessThan(PROMISED_MS);
  });

  test('executor and launcher stopped: the deadline of PID 1', async () => {
    await startReaper();
    const { host, deadlineAtMs } = await startProgram(PID1_MS);
    host.kill('SIGSTOP');
    expect(await endAfter('deadline of PID 1', deadlineAtMs)).toBeLessThan(PROMISED_MS);
  });

  test('executor and launcher killed, PID 1 stopped: the reaper', async () => {
    await startReaper();
    const { host, deadlineAtMs } = await startProgram(NEVER_MS);
    process.kill(pid1(), 'SIGSTOP');
    host.kill('SIGKILL');
    expect(await endAfter('reaper', deadlineAtMs)).toBeLessThan(PROMISED_MS);
  });

  test('as before, and the engine frozen: the reaper without an engine', async () => {
    const reaper = await startReaper();
    const { host, deadlineAtMs } = await startProgram(NEVER_MS, 2 * DEADLINE_MS);
    // The reaper learns of a container at its next sweep, within five seconds.
    await sleep(5_200);
    process.kill(pid1(), 'SIGSTOP');
    host.kill('SIGKILL');
    process.kill(daemon.pid, 'SIGSTOP');
    expect(await endAfter('reaper without an engine', deadlineAtMs, () => thaw(daemon.pid))).toBeLessThan(PROMISED_MS);
    expect(reaper.exitCode).toBeNull();
  });

  test('executor, launcher and reaper killed, the engine frozen: the deadline of PID 1 alone', async () => {
    const reaper = await startReaper();
    const { host, deadlineAtMs } = await startProgram(PID1_MS);
    process.kill(daemon.pid, 'SIGSTOP');
    host.kill('SIGKILL');
    reaper.kill('SIGKILL');
    const gone = (await untilGone()) - deadlineAtMs;
    thaw(daemon.pid);
    expect(gone).toBeLessThan(PROMISED_MS);
    // The next reaper takes away what is left, at its start.
    await startReaper();
    expect(await endAfter('PID 1 alone', deadlineAtMs)).toBeGreaterThan(gone);
  });

  test('the server of a reaper dies: it stays until the containers are gone, and ends', async () => {
    const reaper = await startReaper();
    const { host } = await startProgram(NEVER_MS);
    const exited = once(reaper, 'exit');
    reaper.stdin?.end();
    host.kill('SIGKILL');
    await untilRemoved();
    expect(await exited).toEqual([0, null]);
  });
});
