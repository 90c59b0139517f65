import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { placesOf, processesIn } from './support/use-sandbox.ts';
import { type NativeSetup, setUpNative, startNative } from './testing/native-launcher-fixtures.ts';

/*
 * Who ends a place when those who should are gone. Each test takes away all nets above one and measures how long after its
 * deadline the last process was gone: 10 s are promised. The program sleeps for ten minutes and leaves a daemon.
 */

const PROMISED_MS = 10_000;
/** From the opening of the place until the daemon kills it. */
const DEADLINE_MS = 4_000;
/** PID 1's own. */
const PID1_MS = 2_000;
const NEVER_MS = 600_000;
const HOST = fileURLToPath(import.meta.resolve('./testing/native-layers-host.ts'));
const STATE_ROOT = '/run/runyard';

interface Program {
  readonly node: number;
  readonly keeper: number;
  readonly daemon: number;
  readonly pid1: number;
  readonly ownerId: string;
  readonly deadlineAtMs: number;
}

let setup: NativeSetup;
let stateDir = '';
let child: ChildProcess | null = null;
let program: Program | null = null;
const times: string[] = [];

beforeAll(async () => {
  setup = (await setUpNative()).real;
  stateDir = mkdtempSync(path.join(STATE_ROOT, 'layers-'));
});

afterAll(async () => {
  process.stdout.write(`after the deadline:\n${times.join('\n')}\n`);
  // The next launcher sweeps what killed ones left.
  await using _next = await startNative(setup, stateDir);
  rmSync(stateDir, { recursive: true, force: true });
});

afterEach(async () => {
  for (const pid of [program?.pid1, program?.daemon, program?.keeper]) if (pid !== undefined) signal(pid, 'SIGKILL');
  if (child !== null && child.exitCode === null && child.signalCode === null) {
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }
  program = null;
});

async function startProgram(deadlineMs: number, pid1Ms: number): Promise<Program> {
  const numbers = { DEADLINE_MS: String(deadlineMs), PID1_MS: String(pid1Ms) };
  const env = { ...numbers, SETUP: JSON.stringify(setup), STATE_DIR: stateDir };
  const host = spawn(process.execPath, [HOST], { stdio: ['ignore', 'pipe', 'ignore'], env });
  child = host;
  let line = '';
  for await (const chunk of host.stdout) {
    line += String(chunk);
    if (line.includes('\n')) break;
  }
  const told = JSON.parse(line) as { ownerId: string; daemon: number; openedAtMs: number };
  const pid1 = processes(told.ownerId).find((pid) => readFileSync(`/proc/${pid}/comm`, 'utf8') === 'supervisor\n') ?? 0;
  const keeper = Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${told.daemon}/status`, 'utf8'))?.[1]);
  const deadlineAtMs = told.openedAtMs + deadlineMs;
  program = { node: host.pid ?? 0, keeper, daemon: told.daemon, pid1, ownerId: told.ownerId, deadlineAtMs };
  return program;
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    if (pid > 1) process.kill(pid, name);
  } catch {
    // Gone already.
  }
}

function processes(ownerId: string): number[] {
  return [...new Set(placesOf(ownerId).flatMap(processesIn))];
}

/** Resolves to how long after the deadline the last process was gone. */
async function endAfter(name: string, { ownerId, deadlineAtMs }: Program): Promise<number> {
  while (processes(ownerId).length > 0) await sleep(5);
  const lateMs = Date.now() - deadlineAtMs;
  times.push(`${name}: ${lateMs} ms`);
  return lateMs;
}

describe('nothing outlives its deadline by more than ten seconds', () => {
  test('the executor killed, PID 1 stopped: the lifeline', async () => {
    const it = await startProgram(NEVER_MS, NEVER_MS);
    signal(it.pid1, 'SIGSTOP');
    signal(it.node, 'SIGKILL');
    expect(await endAfter('lifeline (long before)', it)).toBeLessThan(PROMISED_MS);
  });

  test('executor, keeper and daemon killed at once, PID 1 stopped: the death signal of the kernel', async () => {
    const it = await startProgram(NEVER_MS, NEVER_MS);
    signal(it.pid1, 'SIGSTOP');
    for (const pid of [it.keeper, it.daemon, it.node]) signal(pid, 'SIGKILL');
    expect(await endAfter('death signal (long before)', it)).toBeLessThan(PROMISED_MS);
  });

  test('executor, keeper and daemon stopped: the deadline of PID 1', async () => {
    const it = await startProgram(DEADLINE_MS, PID1_MS);
    for (const pid of [it.keeper, it.daemon, it.node]) signal(pid, 'SIGSTOP');
    expect(await endAfter('deadline of PID 1', it)).toBeLessThan(PROMISED_MS);
  });

  test('the executor and PID 1 stopped: the deadline of the daemon', async () => {
    const it = await startProgram(DEADLINE_MS, NEVER_MS);
    for (const pid of [it.pid1, it.node]) signal(pid, 'SIGSTOP');
    expect(await endAfter('deadline of the daemon', it)).toBeLessThan(PROMISED_MS);
  });

  test('the executor killed, daemon and PID 1 stopped: the keeper', async () => {
    const it = await startProgram(DEADLINE_MS, NEVER_MS);
    for (const pid of [it.pid1, it.daemon]) signal(pid, 'SIGSTOP');
    signal(it.node, 'SIGKILL');
    expect(await endAfter('keeper', it)).toBeLessThan(PROMISED_MS);
  });

  test('the next launcher removes the control groups that killed ones left', async () => {
    const it = await startProgram(NEVER_MS, NEVER_MS);
    for (const pid of [it.keeper, it.daemon, it.node]) signal(pid, 'SIGKILL');
    await endAfter('death signal again', it);
    expect(placesOf(it.ownerId)).not.toEqual([]);
    await using _next = await startNative(setup, stateDir);
    expect(placesOf(it.ownerId)).toEqual([]);
  });
});
