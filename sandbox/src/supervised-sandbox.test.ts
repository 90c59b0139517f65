import { describe, expect, test, vi } from 'vitest';
import type { SandboxPlan } from './index.ts';
import { InvalidPlanError, SupervisedSandbox } from './index.ts';
import type { Frame } from './protocol/index.ts';
import { FakeLauncher } from './testing/fake-launcher.ts';
import type { FakeSupervisor } from './testing/fake-supervisor.ts';
import { COMPILED, kinds, LIMITS, run, RUN, SOURCE, text } from './testing/session-fixtures.ts';

describe('a good run', () => {
  test('one step: output, usage, ending', async () => {
    const report = await run(async (pid1) => {
      await pid1.greet();
      await pid1.next('stdinEnd');
      pid1.send(
        { type: 'stdout', step: 0, data: Buffer.from('out1') },
        { type: 'stderr', step: 0, data: Buffer.from('err') },
        { type: 'stdout', step: 0, data: Buffer.from('out2') },
      );
      pid1.exit(0, { value: 3, wallUs: 12_600, cpuUs: 7400, memoryPeakBytes: 123, processesPeak: 2 });
      pid1.finish();
    });
    expect(report.failure).toBeNull();
    expect(report.compile).toBeNull();
    expect(report.runs).toHaveLength(1);
    const [step] = report.runs;
    expect(step?.ending).toEqual({ kind: 'exited', exitCode: 3 });
    expect(step?.usage).toEqual({
      wallTimeMs: 13,
      cpuTimeMs: 7,
      memoryBytes: 123,
      memorySource: 'cgroup',
      processesPeak: 2,
    });
    expect([text(step?.output.combined), text(step?.output.stdout), text(step?.output.stderr)]).toEqual([
      'out1errout2',
      'out1out2',
      'err',
    ]);
    expect(step?.output.truncated).toBe(false);
    expect(report.timings.openMs).toBeLessThanOrEqual(report.timings.totalMs);
    await vi.waitFor(() => expect(report.launcher.released).toBe(1));
  });

  test('the host says everything it knows in one write, before it hears anything', async () => {
    let heard: readonly Frame[] = [];
    await run(
      async (pid1) => {
        await pid1.next('stdinEnd');
        heard = [...pid1.heard];
        expect(pid1.chunksHeard).toBe(1);
        await goodAnswer(pid1);
      },
      { files: [SOURCE], runs: [{ ...RUN, stdin: Buffer.from('in') }] },
    );
    expect(heard.map((frame) => frame.type)).toEqual(['helloHost', 'file', 'step', 'go', 'stdin', 'stdinEnd']);
    expect(heard[1]).toEqual({
      type: 'file',
      step: 0,
      isAppend: false,
      path: 'main.c',
      mode: 0o644,
      data: Buffer.from('int x;'),
    });
    expect(heard[2]).toMatchObject({
      argv: ['/bin/prog', 'a b'],
      env: ['PATH=/bin', 'LANG=C'],
      cpuTimeMs: 900,
      isCompile: false,
    });
    expect(heard[3]).toEqual({ type: 'go', step: 0, isLast: true });
  });

  test('compile, then run: sources only for the compiler, the place gets the maximum of both', async () => {
    const report = await run(async (pid1) => {
      await pid1.greet();
      expect(await pid1.next('go')).toMatchObject({ step: 0, isLast: false });
      pid1.exit(0, { artifactCount: 1 });
      expect(await pid1.next('go')).toMatchObject({ step: 1, isLast: true });
      pid1.send({ type: 'stdout', step: 1, data: Buffer.from('ran') });
      pid1.exit(1);
      pid1.finish();
      const types = pid1.heard.map((frame) => frame.type);
      expect(types).toEqual(['helloHost', 'file', 'step', 'go', 'stdinEnd', 'step', 'go', 'stdinEnd']);
    }, COMPILED);
    expect(kinds(report)).toEqual({ compile: 'exited', runs: ['exited'], failure: undefined });
    expect(text(report.runs[0]?.output.stdout)).toBe('ran');
    expect(report.launcher.opened).toEqual([
      { memoryBytes: 128 << 20, processes: 8, cpuMilli: 1000, deadlineMs: 1100 },
    ]);
  });

  test('several runs go on after one that failed', async () => {
    const report = await run(
      async (pid1) => {
        await pid1.greet();
        for (const step of [0, 1, 2]) {
          await pid1.next('go');
          pid1.exit(step, step === 1 ? { kind: 'signalled', value: 9, killReason: 'wall' } : {});
        }
        pid1.finish();
      },
      { files: [], runs: [RUN, RUN, RUN] },
    );
    expect(kinds(report)).toEqual({ runs: ['exited', 'wall_limit', 'exited'] });
  });

  test('a file larger than a frame arrives whole', async () => {
    const content = Buffer.alloc(200_000, 'abcdefg');
    let arrived: Buffer[] = [];
    await run(
      async (pid1) => {
        await pid1.next('go');
        arrived = pid1.heard.flatMap((frame) => (frame.type === 'file' ? [Buffer.from(frame.data)] : []));
        const appends = pid1.heard.flatMap((frame) => (frame.type === 'file' ? [frame.isAppend] : []));
        expect(appends).toEqual([false, true, true, true]);
        await goodAnswer(pid1);
      },
      { files: [{ path: 'd/big', mode: 0o600, content }], runs: [RUN] },
    );
    expect(Buffer.concat(arrived).equals(content)).toBe(true);
  });
});

async function goodAnswer(pid1: FakeSupervisor): Promise<void> {
  pid1.send({ type: 'helloSandbox' }, { type: 'ready' });
  pid1.exit(0);
  pid1.finish();
  await Promise.resolve();
}

describe('stdin', () => {
  const stdin = Buffer.alloc(200_000, 'xyz');
  const withStdin = { files: [], runs: [{ ...RUN, stdin }] };

  test('flows by credit, exactly', async () => {
    const got: Buffer[] = [];
    await run(async (pid1) => {
      await pid1.greet();
      got.push(Buffer.from((await pid1.next('stdin')).data));
      expect(got[0]?.length).toBe(65_536);
      for (let left = stdin.length - 65_536; left > 0;) {
        pid1.send({ type: 'stdinCredit', step: 0, isClosed: false, bytes: 50_000 });
        const piece = await pid1.next('stdin');
        expect(piece.data.length).toBeLessThanOrEqual(50_000);
        got.push(Buffer.from(piece.data));
        left -= piece.data.length;
      }
      await pid1.next('stdinEnd');
      pid1.exit(0);
      pid1.finish();
    }, withStdin);
    expect(Buffer.concat(got).equals(stdin)).toBe(true);
  });

  test('stops when the program closes it', async () => {
    const report = await run(
      async (pid1) => {
        await pid1.greet();
        await pid1.next('stdin');
        pid1.send({ type: 'stdinCredit', step: 0, isClosed: true, bytes: 65_536 });
        pid1.exit(0);
        // What the host said in answer to the credit came before this.
        await pid1.next('step');
        const types = pid1.heard.map((frame) => frame.type);
        expect(types.slice(0, types.lastIndexOf('step'))).toEqual(['helloHost', 'step', 'go', 'stdin']);
        pid1.exit(1);
        pid1.finish();
      },
      { ...withStdin, runs: [...withStdin.runs, RUN] },
    );
    expect(kinds(report)).toEqual({ runs: ['exited', 'exited'] });
  });

  test('a credit that crosses the end of its step is ignored', async () => {
    const report = await run(async (pid1) => {
      await pid1.greet();
      pid1.exit(0);
      pid1.send({ type: 'stdinCredit', step: 0, isClosed: true, bytes: 9 });
      pid1.finish();
    }, withStdin);
    expect(kinds(report)).toEqual({ runs: ['exited'] });
  });
});

describe('a compile step that gives no program', () => {
  test.each([
    ['exit 1', { value: 1 }, { compile: 'exited', runs: [] }],
    ['crash', { kind: 'signalled', value: 11 }, { compile: 'signalled', runs: [] }],
    ['too much output', { isTruncated: true }, { compile: 'output_limit', runs: [] }],
    ['no memory', { value: 1, oomKills: 1 }, { compile: 'memory_limit', runs: [] }],
    ['nothing matched', { artifactError: 'no_match' }, { compile: 'exited', runs: ['not_started'] }],
    ['too large', { artifactError: 'no_room' }, { compile: 'exited', runs: ['not_started'] }],
    ['not a file', { artifactError: 'unreadable' }, { compile: 'exited', runs: ['not_started'] }],
  ] as const)('%s: the host ends the sandbox', async (_name, exit, expected) => {
    const report = await run(async (pid1) => {
      await pid1.greet();
      pid1.exit(0, exit);
      await pid1.next('cancel');
      pid1.finish();
      expect(pid1.heard.filter((frame) => frame.type === 'go')).toHaveLength(1);
    }, COMPILED);
    expect(kinds(report)).toEqual(expected);
  });

  test('says that nothing was left to run', async () => {
    const report = await run(async (pid1) => {
      await pid1.greet();
      pid1.exit(0, { artifactError: 'no_match' });
      await pid1.next('cancel');
      pid1.finish();
    }, COMPILED);
    const message = 'the compiler ended without an error but left no program';
    expect(report.runs[0]?.ending).toEqual({ kind: 'not_started', message });
  });
});

describe('plans that no sandbox can carry out are refused before anything is opened', () => {
  test.each<[string, SandboxPlan]>([
    ['no run', { files: [], runs: [] }],
    ['no argv', { files: [], runs: [{ ...RUN, argv: [] }] }],
    ['NUL in an argument', { files: [], runs: [{ ...RUN, argv: ['a\0b'] }] }],
    ['half a character', { files: [], runs: [{ ...RUN, argv: ['\ud800'] }] }],
    ['a variable without a name', { files: [], runs: [{ ...RUN, env: { '': 'x' } }] }],
    ['a variable with = in its name', { files: [], runs: [{ ...RUN, env: { 'A=B': 'x' } }] }],
    ['arguments above a frame', { files: [], runs: [{ ...RUN, argv: ['x'.repeat(70_000)] }] }],
    ['an empty argv[0]', { files: [], runs: [{ ...RUN, argv: [''] }] }],
    ['no memory to speak of', { files: [], runs: [{ ...RUN, limits: { ...LIMITS, memoryBytes: 1000 } }] }],
    ['half a process', { files: [], runs: [{ ...RUN, limits: { ...LIMITS, processes: 1.5 } }] }],
    ['an output in a folder', { ...COMPILED, compile: { ...COMPILED.compile!, outputs: ['a/b'] } }],
    ['no outputs', { ...COMPILED, compile: { ...COMPILED.compile!, outputs: [] } }],
    ['a limit that is no number', { files: [], runs: [{ ...RUN, limits: { ...LIMITS, wallTimeMs: Number.NaN } }] }],
    ['257 steps', { files: [], runs: Array.from({ length: 257 }, () => RUN) }],
    ...[
      '',
      '/etc/x',
      '../x',
      'a/../x',
      'a//b',
      './x',
      'a/',
      'a\0',
      'n'.repeat(256),
      'd/'.repeat(32) + 'f',
      'nnnn/'.repeat(10) + 'n'.repeat(1000),
    ].map((path): [string, SandboxPlan] => [
      `the path ${JSON.stringify(path.slice(0, 10))}`,
      { files: [{ ...SOURCE, path }], runs: [RUN] },
    ]),
    ['a setuid file', { files: [{ ...SOURCE, mode: 0o4755 }], runs: [RUN] }],
  ])('%s', async (_name, plan) => {
    const launcher = new FakeLauncher(() => undefined);
    await expect(new SupervisedSandbox(launcher).run(plan)).rejects.toBeInstanceOf(InvalidPlanError);
    expect(launcher.opened).toEqual([]);
  });
});
