import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { SupervisedSandbox, type SandboxReport } from '../src/index.ts';
import { startTestSandbox, type TestSandbox } from '../src/testing/index.ts';
import { TEST_LAUNCHER } from '../src/testing/start-test-sandbox.ts';
import { cMain, MIB, python, sh, step } from './support/programs.ts';
import {
  endingOf,
  leftovers,
  nothingLeft,
  placesOf,
  processesIn,
  stdoutOf,
  useSandbox,
} from './support/use-sandbox.ts';

/** Of the program that the process runs; empty when it is gone. */
function nameOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return '';
  }
}

function namesIn(place: string): string[] {
  return processesIn(place).map(nameOf);
}

describe('cancel', () => {
  const user = useSandbox();

  async function cancelAfter(afterMs: number, plan: Parameters<typeof user.run>[0]): Promise<SandboxReport> {
    const controller = new AbortController();
    const running = user.run(plan, controller.signal);
    if (afterMs >= 0) await sleep(afterMs);
    controller.abort();
    const abortedAt = performance.now();
    const report = await running;
    expect(performance.now() - abortedAt).toBeLessThan(2000);
    expect(report.failure).toBeNull();
    return report;
  }

  const SLEEP = sh('echo so far; sleep 9', { stdin: Buffer.alloc(1 << 20) });

  test('at once', async () => {
    expect((await cancelAfter(-1, SLEEP)).runs.map(endingOf)).toEqual(['cancelled']);
  });

  test.each([0, 1, 2, 3, 5, 8, 13, 21])('after %d ms: it was either not started or cancelled', async (afterMs) => {
    expect((await cancelAfter(afterMs, SLEEP)).runs.map(endingOf)).toEqual(['cancelled']);
  });

  test('in the middle: what was printed is kept', async () => {
    const controller = new AbortController();
    const running = user.run(SLEEP, controller.signal);
    await vi.waitFor(() => expect(placesOf(user.test().ownerId).flatMap(namesIn)).toContain('sleep'));
    controller.abort();
    const report = await running;
    expect(report.failure).toBeNull();
    expect(report.runs.map(endingOf)).toEqual(['cancelled']);
    expect(stdoutOf(report.runs[0])).toBe('so far\n');
  });

  test.each([
    ['a fork bomb', 'exec python3 -c "exec(\'import os\\nwhile 1:\\n  try: os.fork()\\n  except OSError: pass\')"'],
    ['a flood below the limit', 'while :; do echo x; sleep 0.001; done'],
    ['a program that ignores every signal', "trap '' HUP INT QUIT TERM USR1 USR2; while :; do :; done"],
    ['a stopped program', 'kill -STOP $$'],
  ])('%s', async (_name, script) => {
    const limits = { memoryBytes: 512 * MIB };
    const report = await cancelAfter(400, sh(script, { limits }));
    expect(report.runs.map(endingOf)).toEqual(['cancelled']);
  });

  test('a compile step', async () => {
    const plan = { ...cMain(''), compile: { ...cMain('').compile!, argv: ['sleep', '9'] } };
    const report = await cancelAfter(200, plan);
    expect([endingOf(report.compile), report.runs]).toEqual(['cancelled', []]);
  });

  test('one of many runs: the finished ones are kept, the rest is not started', async () => {
    const plan = { files: [], runs: [step(['echo', 'one']), step(['sleep', '9']), step(['echo', 'three'])] };
    const report = await cancelAfter(600, plan);
    expect(report.runs.map(endingOf)).toEqual(['exited 0', 'cancelled']);
  });
});

describe('when a part of the machinery dies', () => {
  let it: TestSandbox;
  beforeAll(async () => {
    it = await startTestSandbox();
  });
  afterAll(async () => {
    await nothingLeft(it.ownerId);
    await it[Symbol.asyncDispose]();
    await nothingLeft(it.ownerId);
  });

  /** Starts a long program and waits until its place has its processes. */
  async function startLong(): Promise<{ running: Promise<SandboxReport>; pids: number[] }> {
    const running = it.sandbox.run(
      python('import time; print("so far", flush=True); time.sleep(30)', { limits: { wallTimeMs: 40_000 } }),
    );
    const pids = await vi.waitFor(() => {
      const [place] = placesOf(it.ownerId);
      const found = place === undefined ? [] : processesIn(place).toSorted((a, b) => a - b);
      expect(found.map(nameOf)).toEqual(['supervisor', 'python3']);
      return found;
    });
    return { running, pids };
  }

  const works = async () => expect((await it.sandbox.run(sh('echo ok'))).runs.map(stdoutOf)).toEqual(['ok\n']);

  test('PID 1 is killed: a failure, at once, and the next run is fine', async () => {
    const { running, pids } = await startLong();
    process.kill(Math.min(...pids), 'SIGKILL');
    const report = await running;
    expect(report).toMatchObject({ runs: [], failure: { reason: 'supervisor_lost' } });
    await works();
  });

  test('PID 1 is stopped: the deadlines hold', async () => {
    const sandbox = new SupervisedSandbox(it.launcher, { margins: { stepMs: 200, netMs: 300 } });
    const running = sandbox.run(sh('sleep 30', { limits: { wallTimeMs: 100 } }));
    const pid1 = await vi.waitFor(() => {
      const [place] = placesOf(it.ownerId);
      const found = place === undefined ? [] : processesIn(place);
      const least = Math.min(...found);
      // Before that it is still a part of the runtime.
      expect(nameOf(least)).toBe('supervisor');
      return least;
    });
    process.kill(pid1, 'SIGSTOP');
    const startedAt = performance.now();
    const report = await running;
    expect(['deadline', undefined]).toContain(report.failure?.reason);
    expect(performance.now() - startedAt).toBeLessThan(3000);
    await works();
  });

  // The other launcher is part of this process.
  test.runIf(TEST_LAUNCHER === 'native')(
    'the launcher is killed: a failure, nothing left, and the next run starts a new one',
    async () => {
      const { running } = await startLong();
      process.kill(Number(it.launcher.describe()['pid']), 'SIGKILL');
      const report = await running;
      expect(report).toMatchObject({ runs: [], failure: { reason: 'supervisor_lost' } });
      await works();
      expect(it.launcher.describe()['restarts']).toBe('1');
      await vi.waitFor(() => expect(leftovers(it.ownerId)).toEqual([]));
    },
  );

  test('the launcher is closed under a running program', async () => {
    const other = await startTestSandbox();
    const running = other.sandbox.run(sh('sleep 30', { limits: { wallTimeMs: 40_000 } }));
    await vi.waitFor(() => expect(placesOf(other.ownerId)).not.toEqual([]));
    await other[Symbol.asyncDispose]();
    expect(await running).toMatchObject({ failure: { reason: 'supervisor_lost' } });
    expect(leftovers(other.ownerId)).toEqual([]);
    expect(await other.sandbox.run(sh('true'))).toMatchObject({ failure: { reason: 'launch_failed' } });
  });
});
