import { describe, expect, test } from 'vitest';
import type { SandboxPlan, SandboxReport } from './index.ts';
import { SupervisedSandbox } from './index.ts';
import { NoRoomError, type Place } from './sandbox.ts';
import { FakeLauncher, type Script } from './testing/fake-launcher.ts';
import { COMPILED, kinds, PLAN, SHORT } from './testing/session-fixtures.ts';

/** A place whose limits are somebody else's to set. */
function run(
  prepareStep: NonNullable<Place['prepareStep']>,
  script: Script,
  plan: SandboxPlan,
  signal?: AbortSignal,
): Promise<SandboxReport> {
  return new SupervisedSandbox(new FakeLauncher(script, prepareStep), { margins: SHORT }).run(plan, signal);
}

describe('a place that prepares each step', () => {
  test('is asked with the limits of the step, and GO waits for it', async () => {
    const order: string[] = [];
    const report = await run(
      async ({ memoryBytes }) => {
        order.push(`prepare ${memoryBytes >> 20}`);
        await new Promise(setImmediate);
        order.push('prepared');
      },
      async (pid1) => {
        await pid1.greet();
        for (const step of [0, 1]) {
          await pid1.next('go');
          order.push(`go ${step}`);
          pid1.exit(step);
        }
        pid1.finish();
      },
      COMPILED,
    );
    expect(kinds(report)).toEqual({ compile: 'exited', runs: ['exited'] });
    expect(order).toEqual(['prepare 128', 'prepared', 'go 0', 'prepare 64', 'prepared', 'go 1']);
  });

  test('that cannot is a failure, and nothing is started', async () => {
    const report = await run(
      () => Promise.reject(new Error('no such container')),
      (pid1) => pid1.greet(),
      PLAN,
    );
    const message = 'the limits of step 0 could not be set: Error: no such container';
    expect(report).toMatchObject({ runs: [], failure: { reason: 'launch_failed', message } });
  });

  test('that has no room for a step: the program is told, and PID 1 to end', async () => {
    const report = await run(
      ({ memoryBytes }) => (memoryBytes >> 20 === 64 ? Promise.reject(new NoRoomError('busy')) : Promise.resolve()),
      async (pid1) => {
        await pid1.greet();
        await pid1.next('go');
        pid1.exit(0);
        await pid1.next('cancel');
        pid1.finish();
      },
      COMPILED,
    );
    expect(report.failure).toBeNull();
    expect(report.compile?.ending).toEqual({ kind: 'exited', exitCode: 0 });
    const message = 'not enough memory to start the program';
    expect(report.runs.map(({ ending }) => ending)).toEqual([{ kind: 'not_started', message }]);
  });

  test('that never answers meets the deadline', async () => {
    const short = { ...PLAN, runs: PLAN.runs.map((step) => ({ ...step, limits: { ...step.limits, wallTimeMs: 50 } })) };
    const report = await run(
      () => new Promise(() => undefined),
      (pid1) => pid1.greet(),
      short,
    );
    expect(report).toMatchObject({ runs: [], failure: { reason: 'deadline' } });
  });

  test('a cancel meanwhile cancels the step that was to come', async () => {
    const controller = new AbortController();
    const report = await run(
      () => new Promise(() => undefined),
      async (pid1) => {
        await pid1.greet();
        controller.abort();
        await pid1.next('cancel');
        pid1.finish();
      },
      PLAN,
      controller.signal,
    );
    expect(kinds(report)).toEqual({ runs: ['cancelled'] });
  });

  test('a cancel between two steps cancels the second', async () => {
    const controller = new AbortController();
    let calls = 0;
    const report = await run(
      () => {
        calls += 1;
        if (calls === 1) return Promise.resolve();
        controller.abort();
        return new Promise(() => undefined);
      },
      async (pid1) => {
        await pid1.greet();
        await pid1.next('go');
        pid1.exit(0);
        await pid1.next('cancel');
        pid1.finish();
      },
      COMPILED,
      controller.signal,
    );
    expect(kinds(report)).toEqual({ compile: 'exited', runs: ['cancelled'] });
  });
});
