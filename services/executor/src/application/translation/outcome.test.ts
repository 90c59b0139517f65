import type { SandboxReport, StepEnding } from '@runyard/sandbox';
import { statusOf, type JobOutcome } from '@runyard/shared/domain';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LIMITS, report, step } from '../../testing/reports.ts';
import { assess, withStoredOutput } from './outcome.ts';

function outcomeOf(given: SandboxReport, hasCompile = given.compile !== null): JobOutcome {
  const assessment = assess(given, { limits: LIMITS, hasCompile, queueMs: 5 });
  if (assessment.kind !== 'outcome') throw new Error(`a fault: ${assessment.message}`);
  return assessment.outcome;
}

const RUN_CASES: readonly [StepEnding, Partial<JobOutcome>][] = [
  [
    { kind: 'exited', exitCode: 0 },
    { verdict: 'ok', exitCode: 0, signal: null, error: null },
  ],
  [
    { kind: 'exited', exitCode: 137 },
    { verdict: 'runtime_error', exitCode: 137, error: 'oops' },
  ],
  [
    { kind: 'signalled', signal: 'SIGSEGV', signalNumber: 11 },
    { verdict: 'signalled', exitCode: null, signal: 'SIGSEGV', error: 'oops' },
  ],
  [{ kind: 'cpu_limit' }, { verdict: 'time_limit', error: 'The program used more than 10 s of CPU time.' }],
  [{ kind: 'wall_limit' }, { verdict: 'wall_time_limit', error: 'The program ran for longer than 10 s.' }],
  [{ kind: 'memory_limit' }, { verdict: 'memory_limit', error: 'The program used more than 256 MiB of memory.' }],
  [
    { kind: 'output_limit' },
    { verdict: 'output_limit', error: 'The program printed more than 4 MiB; the first part is kept.' },
  ],
  [{ kind: 'cancelled' }, { verdict: 'cancelled', error: 'The job was cancelled.' }],
  [
    { kind: 'not_started', message: 'main is not executable' },
    { verdict: 'runtime_error', exitCode: null, error: 'The program could not be started: main is not executable.' },
  ],
];

describe('a run step', () => {
  test.each(RUN_CASES)('that ended by %o', (ending, expected) => {
    const outcome = outcomeOf(report({ runs: [step(ending, { stdout: 'out', stderr: 'oops' })] }));
    expect(outcome).toMatchObject({ ...expected, step: 'run', stdoutPreview: 'out', stderrPreview: 'oops' });
  });

  test('keeps its numbers, rounded', () => {
    const outcome = outcomeOf(report({ runs: [step({ kind: 'exited', exitCode: 0 }, { stdout: 'out' })] }));
    expect(outcome).toMatchObject({
      wallTimeMs: 12,
      cpuTimeMs: 9,
      memoryBytes: 1_000_000,
      memorySource: 'cgroup',
      outputBytes: 3,
      execDurationMs: 12,
      compile: null,
      timings: { queueMs: 5, sandboxMs: 30, compileMs: null, runMs: 12, storeMs: null },
    });
  });

  test('that never started has no numbers', () => {
    const outcome = outcomeOf(report({ runs: [step({ kind: 'not_started', message: 'no file.' })] }));
    expect(outcome).toMatchObject({ wallTimeMs: null, cpuTimeMs: null, memoryBytes: null, memorySource: null });
    expect(outcome.execDurationMs).toBe(0);
  });

  test('without words of its own is explained by a sentence', () => {
    expect(outcomeOf(report({ runs: [step({ kind: 'exited', exitCode: 3 }, { stderr: ' \n' })] })).error).toBe(
      'The program ended with exit code 3.',
    );
    const signalled = { kind: 'signalled', signal: 'SIGKILL', signalNumber: 9 } as const;
    expect(outcomeOf(report({ runs: [step(signalled)] })).error).toBe('The program was ended by SIGKILL.');
  });

  test('is previewed in whole characters', () => {
    const outcome = outcomeOf(report({ runs: [step({ kind: 'exited', exitCode: 1 }, { stdout: '😀'.repeat(600) })] }));
    expect(outcome.stdoutPreview).toBe('😀'.repeat(500));
    expect(outcome.outputBytes).toBe(2400);
  });

  test('after a compile step counts both durations before rounding', () => {
    const compile = step({ kind: 'exited', exitCode: 0 }, { stderr: 'warning: x' });
    const outcome = outcomeOf(report({ compile, runs: [step({ kind: 'exited', exitCode: 0 })] }));
    // 12.4 + 12.4
    expect(outcome.execDurationMs).toBe(25);
    expect(outcome.compile).toMatchObject({ verdict: 'ok', exitCode: 0, output: 'warning: x', wallTimeMs: 12 });
    expect(outcome.stderrPreview).toBe('');
  });
});

const COMPILE_CASES: readonly [StepEnding, Partial<JobOutcome>][] = [
  [
    { kind: 'exited', exitCode: 1 },
    { verdict: 'compile_error', exitCode: 1, error: 'main.c:1: expected ;' },
  ],
  [
    { kind: 'signalled', signal: 'SIGSEGV', signalNumber: 11 },
    { verdict: 'compile_error', signal: 'SIGSEGV', error: 'main.c:1: expected ;' },
  ],
  [{ kind: 'cpu_limit' }, { verdict: 'time_limit', error: 'The compiler used more than 10 s of CPU time.' }],
  [{ kind: 'wall_limit' }, { verdict: 'wall_time_limit', error: 'The compiler ran for longer than 30 s.' }],
  [{ kind: 'memory_limit' }, { verdict: 'memory_limit', error: 'The compiler used more than 512 MiB of memory.' }],
  [
    { kind: 'output_limit' },
    { verdict: 'output_limit', error: 'The compiler printed more than 64 KiB; the first part is kept.' },
  ],
  [
    { kind: 'not_started', message: 'no such file' },
    { verdict: 'compile_error', error: 'The compiler could not be started: no such file.' },
  ],
];

describe('a failed compile step', () => {
  test.each(COMPILE_CASES)('that ended by %o', (ending, expected) => {
    const outcome = outcomeOf(report({ compile: step(ending, { stderr: 'main.c:1: expected ;' }) }));
    expect(outcome).toMatchObject({
      ...expected,
      step: 'compile',
      stdoutPreview: '',
      stderrPreview: '',
      wallTimeMs: null,
      memoryBytes: null,
      execDurationMs: 12,
      outputBytes: 20,
      compile: { verdict: expected.verdict, output: 'main.c:1: expected ;' },
    });
  });

  test('F19: keeps at most 64 KiB of text, however long its bytes become', () => {
    const combined = Buffer.alloc(64 * 1024, 0xff);
    const output = { combined, stdout: new Uint8Array(0), stderr: combined, truncated: false };
    const { compile } = outcomeOf(report({ compile: step({ kind: 'exited', exitCode: 1 }, { output }) }));
    // U+FFFD takes 3 bytes: 21 845 of them fit into 65 536.
    expect(compile?.output).toBe('\ufffd'.repeat(21_845));
    expect(compile?.truncated).toBe(true);
  });
});

function jsonBytesOf(outcome: JobOutcome): number {
  return Buffer.byteLength(JSON.stringify(outcome));
}

describe('F19: text that JSON makes longer', () => {
  /** Most bytes of JSON for one code point of text: a control byte is `\\u0000`. */
  const WORST = 6;
  /** Names, numbers and the sentence of an outcome. */
  const REST_BYTES = 2000;

  test.each([
    ['NUL', 0x00],
    ['ESC', 0x1b],
    ['no UTF-8', 0xff],
    ['quotes', 0x22],
  ])('of bytes that are %s, a record stays bounded', (_name, byte) => {
    const bytes = Buffer.alloc(4 * 1024 * 1024, byte);
    const output = { combined: bytes, stdout: bytes, stderr: bytes, truncated: false };
    const run = step({ kind: 'exited', exitCode: 1 }, { output });
    // Three previews of 500 code points: stdout, stderr and the error, which is stderr again.
    expect(jsonBytesOf(outcomeOf(report({ runs: [run] })))).toBeLessThan(3 * 500 * WORST + REST_BYTES);
    const compile = step({ kind: 'exited', exitCode: 1 }, { output });
    expect(jsonBytesOf(outcomeOf(report({ compile })))).toBeLessThan((64 * 1024 + 500) * WORST + REST_BYTES);
  });
});

test.each([
  [1, 'The program printed more than 1 byte; the first part is kept.'],
  [0, 'The program printed more than 0 bytes; the first part is kept.'],
  [1000, 'The program printed more than 1000 bytes; the first part is kept.'],
  [1024, 'The program printed more than 1 KiB; the first part is kept.'],
])('a limit of %d bytes in words', (outputBytes, sentence) => {
  const limits = { ...LIMITS, run: { ...LIMITS.run, outputBytes } };
  const given = report({ runs: [step({ kind: 'output_limit' })] });
  const assessment = assess(given, { limits, hasCompile: false, queueMs: 0 });
  expect(assessment).toMatchObject({ kind: 'outcome', outcome: { error: sentence } });
});

describe('a fault of ours', () => {
  const ok = step({ kind: 'exited', exitCode: 0 });
  test.each([
    ['the machinery failed', report({ failure: { reason: 'protocol', message: 'bad frame' }, runs: [ok] }), false],
    ['no run step', report(), false],
    ['two run steps', report({ runs: [ok, ok] }), false],
    ['no compile step', report({ runs: [ok] }), true],
    ['an unexpected compile step', report({ compile: ok, runs: [ok] }), false],
    ['a run after a failed compile step', report({ compile: step({ kind: 'cpu_limit' }), runs: [ok] }), true],
  ])('%s', (_name, given, hasCompile) => {
    expect(assess(given, { limits: LIMITS, hasCompile, queueMs: 0 }).kind).toBe('fault');
  });
});

test('stored paths and the time that storing took are added', () => {
  const outcome = outcomeOf(report({ runs: [step({ kind: 'exited', exitCode: 0 })] }));
  const paths = { outputPath: 'artifact:///a', stdoutPath: null, stderrPath: 'artifact:///a' };
  expect(withStoredOutput(outcome, paths, 3.6)).toMatchObject({ ...paths, timings: { runMs: 12, storeMs: 4 } });
});

const anyEnding: fc.Arbitrary<StepEnding> = fc.oneof(
  fc.record({ kind: fc.constant('exited' as const), exitCode: fc.integer({ min: 0, max: 255 }) }),
  fc.record({
    kind: fc.constant('signalled' as const),
    signal: fc.constantFrom('SIGKILL', 'SIGABRT'),
    signalNumber: fc.constantFrom(9, 6),
  }),
  fc.record({
    kind: fc.constantFrom(
      'cpu_limit' as const,
      'wall_limit' as const,
      'memory_limit' as const,
      'output_limit' as const,
      'cancelled' as const,
    ),
  }),
  fc.record({ kind: fc.constant('not_started' as const), message: fc.string() }),
);

const anyStep = fc
  .record({ ending: anyEnding, stdout: fc.uint8Array({ maxLength: 3000 }), stderr: fc.uint8Array({ maxLength: 3000 }) })
  .map(({ ending, stdout, stderr }) =>
    step(ending, { output: { combined: Buffer.concat([stdout, stderr]), stdout, stderr, truncated: false } }),
  );

function codePoints(text: string): number {
  return Array.from(text).length;
}

test('any report that keeps the contract becomes a whole outcome', () => {
  fc.assert(
    fc.property(fc.option(anyStep), anyStep, (compile, run) => {
      const isCompiled = compile === null || (compile.ending.kind === 'exited' && compile.ending.exitCode === 0);
      const outcome = outcomeOf(report({ compile, runs: isCompiled ? [run] : [] }));
      expect(outcome.verdict).not.toBe('internal_error');
      expect(statusOf(outcome.verdict) === 'completed').toBe(outcome.error === null);
      expect(outcome.verdict === 'ok').toBe(outcome.exitCode === 0);
      expect(outcome.step).toBe(isCompiled ? 'run' : 'compile');
      expect(codePoints(outcome.stdoutPreview)).toBeLessThanOrEqual(500);
      expect(codePoints(outcome.error ?? '')).toBeLessThanOrEqual(600);
      expect(outcome.outputBytes).toBe((isCompiled ? run : compile).output.combined.length);
    }),
  );
});
