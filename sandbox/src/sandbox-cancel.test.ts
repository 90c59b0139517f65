import { Duplex } from 'node:stream';
import { describe, expect, test, vi } from 'vitest';
import { SupervisedSandbox } from './index.ts';
import { FakeLauncher, type Script } from './testing/fake-launcher.ts';
import type { FakeSupervisor } from './testing/fake-supervisor.ts';
import { COMPILED, PLAN, SHORT, kinds, launcherOf, run, text } from './testing/session-fixtures.ts';

describe('cancel', () => {
  test('before the run: nothing is opened', async () => {
    const report = await run(() => undefined, PLAN, AbortSignal.abort());
    expect(kinds(report)).toEqual({ runs: ['cancelled'] });
    expect(report.launcher.opened).toEqual([]);
  });

  test('before the run of a plan with a compile step: that step is cancelled', async () => {
    const report = await run(() => undefined, COMPILED, AbortSignal.abort());
    expect(kinds(report)).toEqual({ compile: 'cancelled', runs: [] });
  });

  test('while the place is made: at once, and the place is released when it comes', async () => {
    const controller = new AbortController();
    const stream = new Duplex({ read: () => undefined });
    const { promise: opening, resolve: bring } = Promise.withResolvers<Duplex>();
    const running = new SupervisedSandbox(launcherOf(() => opening)).run(PLAN, controller.signal);
    controller.abort();
    expect(kinds(await running)).toEqual({ runs: ['cancelled'] });
    bring(stream);
    await vi.waitFor(() => expect(stream.destroyed).toBe(true));
  });

  test('between the opening and the session', async () => {
    const controller = new AbortController();
    const launcher = new FakeLauncher(async (pid1) => {
      await pid1.greet();
      await pid1.next('cancel');
      pid1.finish();
    });
    const open = launcher.open.bind(launcher);
    launcher.open = async (limits) => {
      const { stream, ...place } = await open(limits);
      const late = {
        ...place,
        get stream() {
          controller.abort();
          return stream;
        },
      };
      return late;
    };
    const report = await new SupervisedSandbox(launcher, { margins: SHORT }).run(PLAN, controller.signal);
    expect(kinds(report)).toEqual({ runs: ['cancelled'] });
  });

  test('no more stdin follows', async () => {
    const controller = new AbortController();
    const stdin = new Uint8Array(200_000);
    const report = await run(
      cancelDuringStep(controller, async (pid1) => {
        const before = pid1.heard.length;
        pid1.send({ type: 'stdinCredit', step: 0, isClosed: false, bytes: 65_536 });
        await new Promise(setImmediate);
        await new Promise(setImmediate);
        expect(pid1.heard.length).toBe(before);
        pid1.exit(0, { kind: 'signalled', value: 9, killReason: 'cancel' });
        pid1.finish();
      }),
      { files: [], runs: PLAN.runs.map((step) => ({ ...step, stdin })) },
      controller.signal,
    );
    expect(kinds(report)).toEqual({ runs: ['cancelled'] });
  });

  test('while a step runs: CANCEL, and the output so far is kept', async () => {
    const controller = new AbortController();
    const report = await run(
      async (pid1) => {
        await pid1.greet();
        pid1.send({ type: 'stdout', step: 0, data: Buffer.from('part') });
        await pid1.next('stdinEnd');
        controller.abort();
        await pid1.next('cancel');
        pid1.exit(0, { kind: 'signalled', value: 9, killReason: 'cancel' });
        pid1.finish();
      },
      PLAN,
      controller.signal,
    );
    expect(kinds(report)).toEqual({ runs: ['cancelled'] });
    expect(text(report.runs[0]?.output.stdout)).toBe('part');
  });

  test('a program that exits before the kill has exited', async () => {
    const controller = new AbortController();
    const report = await run(
      cancelDuringStep(controller, (pid1) => (pid1.exit(0), pid1.finish())),
      PLAN,
      controller.signal,
    );
    expect(kinds(report)).toEqual({ runs: ['exited'] });
  });

  test('a compile step that exits before the kill: the run is the cancelled one', async () => {
    const controller = new AbortController();
    const script = cancelDuringStep(controller, (pid1) => (pid1.exit(0), pid1.finish()));
    const report = await run(script, COMPILED, controller.signal);
    expect(kinds(report)).toEqual({ compile: 'exited', runs: ['cancelled'] });
  });

  test('the first of several runs: it is the only one that is told', async () => {
    const controller = new AbortController();
    const killed = { kind: 'signalled', value: 9, killReason: 'cancel' } as const;
    const script = cancelDuringStep(controller, (pid1) => {
      pid1.exit(0, killed);
      pid1.finish();
    });
    const report = await run(script, { ...PLAN, runs: [...PLAN.runs, ...PLAN.runs] }, controller.signal);
    expect(kinds(report)).toEqual({ runs: ['cancelled'] });
  });

  test.each<[string, (pid1: FakeSupervisor) => void]>([
    ['stalls', () => undefined],
    ['closes', (pid1) => void pid1.stream.end()],
    ['ends without a record', (pid1) => pid1.finish()],
    ['sends garbage', (pid1) => pid1.sendBytes(Buffer.alloc(100, 0xff))],
  ])('PID 1 %s on cancel: still cancelled, no failure', async (_name, answer) => {
    const controller = new AbortController();
    const report = await run(cancelDuringStep(controller, answer), PLAN, controller.signal);
    expect(kinds(report)).toEqual({ runs: ['cancelled'] });
  });

  test('after the last step it changes nothing', async () => {
    const controller = new AbortController();
    const report = await run(
      async (pid1) => {
        await pid1.greet();
        await pid1.next('stdinEnd');
        pid1.exit(0);
        setImmediate(() => {
          controller.abort();
          pid1.finish();
          expect(pid1.heard.map((frame) => frame.type)).not.toContain('cancel');
        });
      },
      PLAN,
      controller.signal,
    );
    expect(kinds(report)).toEqual({ runs: ['exited'] });
  });
});

function cancelDuringStep(controller: AbortController, answer: (pid1: FakeSupervisor) => void | Promise<void>): Script {
  return async (pid1) => {
    await pid1.greet();
    await pid1.next('go');
    controller.abort();
    await pid1.next('cancel');
    await answer(pid1);
  };
}
