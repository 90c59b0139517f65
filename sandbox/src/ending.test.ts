import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { StepEvidence } from './ending.ts';
import { concludeEnding } from './ending.ts';
import type { StepExitFrame } from './protocol/index.ts';
import { CODES } from './protocol/index.ts';

const EXIT: StepExitFrame = {
  type: 'stepExit',
  step: 0,
  kind: 'exited',
  killReason: 'none',
  memorySource: 'cgroup',
  artifactError: 'none',
  value: 0,
  wallUs: 1000,
  cpuUs: 1000,
  memoryPeakBytes: 1000,
  oomKills: 0,
  stdoutBytes: 0,
  stderrBytes: 0,
  processesPeak: 1,
  isTruncated: false,
  artifactCount: 0,
  artifactBytes: 0,
};

function conclude(exit: Partial<StepExitFrame> | null, rest: Partial<StepEvidence> = {}): unknown {
  const conclusion = concludeEnding({
    isCompile: false,
    cpuTimeLimitMs: 1000,
    exit: exit && { ...EXIT, ...exit },
    unrecordedOomKills: 0,
    isCancelRequested: false,
    ...rest,
  });
  if (conclusion === null) return 'none';
  const { ending, oomInChild } = conclusion;
  const detail = 'exitCode' in ending ? ` ${ending.exitCode}` : 'signal' in ending ? ` ${ending.signal}` : '';
  return `${ending.kind}${detail}${oomInChild ? ' +oom' : ''}`;
}

const KILLED = { kind: 'signalled', value: 9 } as const;

describe('every row of the table', () => {
  test.each<[string, Partial<StepExitFrame> | null, Partial<StepEvidence>, string]>([
    ['exit 0', {}, {}, 'exited 0'],
    ['exit 1', { value: 1 }, {}, 'exited 1'],
    ['exit 137 is an exit code', { value: 137 }, {}, 'exited 137'],
    ['SIGSEGV', { kind: 'signalled', value: 11 }, {}, 'signalled SIGSEGV'],
    ['SIGABRT', { kind: 'signalled', value: 6 }, {}, 'signalled SIGABRT'],
    ['SIGKILL by itself', KILLED, {}, 'signalled SIGKILL'],
    ['real-time signal', { kind: 'signalled', value: 36 }, {}, 'signalled SIGRTMIN+2'],
    ['killed for wall', { ...KILLED, killReason: 'wall' }, {}, 'wall_limit'],
    ['killed for CPU', { ...KILLED, killReason: 'cpu' }, {}, 'cpu_limit'],
    ['killed for output', { ...KILLED, killReason: 'output', isTruncated: true }, {}, 'output_limit'],
    ['cancelled', { ...KILLED, killReason: 'cancel' }, { isCancelRequested: true }, 'cancelled'],
    // PID 1 says so also of what ended by itself before it looked.
    ['exits over the wall limit', { killReason: 'wall' }, {}, 'wall_limit'],
    ['fails over the wall limit', { killReason: 'wall', value: 3 }, {}, 'wall_limit'],
    ['exits over the CPU limit', { killReason: 'cpu' }, {}, 'cpu_limit'],
    ['compiler exits over the wall limit', { killReason: 'wall' }, { isCompile: true }, 'wall_limit'],
    ['compiler exits over the CPU limit', { killReason: 'cpu' }, { isCompile: true }, 'cpu_limit'],
    [
      'compiler fails, since a child of it was killed for CPU',
      { killReason: 'cpu', value: 1, cpuUs: 2_000_000 },
      { isCompile: true },
      'cpu_limit',
    ],
    ['exits while the cancel is in flight', { killReason: 'cancel' }, { isCancelRequested: true }, 'exited 0'],
    ['crashes over the wall limit', { killReason: 'wall', kind: 'signalled', value: 11 }, {}, 'wall_limit'],
    ['exits after one byte too many', { isTruncated: true }, {}, 'output_limit'],
    [
      'dies of SIGPIPE after one byte too many',
      { isTruncated: true, kind: 'signalled', value: 13 },
      {},
      'output_limit',
    ],
    ['killed for output, exits first', { killReason: 'output' }, {}, 'output_limit'],
    ['SIGKILL and a memory kill', { ...KILLED, oomKills: 1 }, {}, 'memory_limit'],
    ['SIGKILL and a memory kill that only the launcher saw', KILLED, { unrecordedOomKills: 2 }, 'memory_limit'],
    ['memory kill in a child, exit 0', { oomKills: 1 }, {}, 'exited 0 +oom'],
    ['memory kill in a child, exit 1', { oomKills: 1, value: 1 }, {}, 'exited 1 +oom'],
    ['memory kill in a child, SIGSEGV', { oomKills: 1, kind: 'signalled', value: 11 }, {}, 'signalled SIGSEGV +oom'],
    ['memory kill in a child, then wall', { ...KILLED, oomKills: 1, killReason: 'wall' }, {}, 'wall_limit +oom'],
    ['memory kill in a child, then output', { ...KILLED, oomKills: 1, isTruncated: true }, {}, 'output_limit +oom'],
    ['compiler exits 1 after a memory kill', { oomKills: 1, value: 1 }, { isCompile: true }, 'memory_limit'],
    [
      'compiler crashes after a memory kill',
      { oomKills: 1, kind: 'signalled', value: 6 },
      { isCompile: true },
      'memory_limit',
    ],
    ['compiler exits 0 in spite of a memory kill', { oomKills: 1 }, { isCompile: true }, 'exited 0 +oom'],
    ['compiler exits 1', { value: 1 }, { isCompile: true }, 'exited 1'],
    ['kernel backstop, soft', { kind: 'signalled', value: 24, cpuUs: 1_000_000 }, {}, 'cpu_limit'],
    ['kernel backstop, hard', { ...KILLED, cpuUs: 2_000_000 }, {}, 'cpu_limit'],
    ['kernel backstop of a compiler', { ...KILLED, cpuUs: 2_000_000 }, { isCompile: true }, 'cpu_limit'],
    ['raises SIGXCPU itself', { kind: 'signalled', value: 24, cpuUs: 999_999 }, {}, 'signalled SIGXCPU'],
    ['memory kill of a program with its CPU used up', { ...KILLED, cpuUs: 2_000_000, oomKills: 1 }, {}, 'memory_limit'],
    ['not started', { kind: 'not_started', value: 2 }, {}, 'not_started'],
    ['not started, and late', { kind: 'not_started', value: 2, killReason: 'wall' }, {}, 'not_started'],
    [
      'not started beside a memory kill',
      { kind: 'not_started', value: 2, oomKills: 1 },
      { isCompile: true },
      'not_started +oom',
    ],
    ['PID 1 gone, memory kill', null, { unrecordedOomKills: 1 }, 'memory_limit'],
    ['PID 1 gone, cancelled', null, { isCancelRequested: true }, 'cancelled'],
    ['PID 1 gone, cancelled, memory kill', null, { isCancelRequested: true, unrecordedOomKills: 1 }, 'cancelled +oom'],
    ['PID 1 gone without a reason', null, {}, 'none'],
  ])('%s', (_name, exit, rest, expected) => {
    expect(conclude(exit, rest)).toBe(expected);
  });

  test.each([
    [2, 'the program, or the interpreter that its first line names, does not exist'],
    [8, 'the file is not a program for this machine'],
    [13, 'the file is not executable'],
    [99, 'error 99'],
  ])('errno %d says why the program did not start', (errno, message) => {
    const conclusion = concludeEnding({
      isCompile: false,
      cpuTimeLimitMs: 1000,
      exit: { ...EXIT, kind: 'not_started', value: errno },
      unrecordedOomKills: 0,
      isCancelRequested: false,
    });
    expect(conclusion?.ending).toEqual({ kind: 'not_started', message });
  });
});

describe('properties over all evidence', () => {
  const evidence = fc.record({
    isCompile: fc.boolean(),
    cpuTimeLimitMs: fc.constantFrom(1, 1000),
    exit: fc.record({
      kind: fc.constantFrom('exited', 'signalled', 'not_started'),
      killReason: fc.constantFrom(...CODES.killReason),
      value: fc.integer({ min: 0, max: 255 }),
      cpuUs: fc.constantFrom(0, 1_000_000),
      oomKills: fc.constantFrom(0, 1),
      isTruncated: fc.boolean(),
    }),
    unrecordedOomKills: fc.constantFrom(0, 1),
    isCancelRequested: fc.boolean(),
  });
  const full = evidence.map((some) => ({ ...some, exit: { ...EXIT, ...some.exit } }));

  test('a record always gives an ending', () => {
    fc.assert(
      fc.property(full, (some) => {
        expect(concludeEnding(some)).not.toBeNull();
      }),
    );
  });

  test('a step that was over a limit has not exited, and one that exited in time is never reported as cancelled', () => {
    fc.assert(
      fc.property(full, (some) => {
        fc.pre(some.exit.kind === 'exited');
        const { killReason, isTruncated } = some.exit;
        const isOver = isTruncated || ['output', 'wall', 'cpu'].includes(killReason);
        const inTime = some.isCompile ? /^(exited|memory_limit)$/ : /^exited$/;
        expect(concludeEnding(some)?.ending.kind).toMatch(isOver ? /^(output|wall|cpu)_limit$/ : inTime);
      }),
    );
  });

  test('no memory verdict and no oomInChild without a memory kill', () => {
    fc.assert(
      fc.property(full, (some) => {
        fc.pre(some.exit.oomKills + some.unrecordedOomKills === 0);
        const conclusion = concludeEnding(some);
        expect(conclusion?.oomInChild).toBe(false);
        expect(conclusion?.ending.kind).not.toBe('memory_limit');
      }),
    );
  });

  test('a memory kill is always told, as the ending or beside it', () => {
    fc.assert(
      fc.property(full, (some) => {
        fc.pre(some.exit.oomKills + some.unrecordedOomKills > 0);
        const conclusion = concludeEnding(some);
        expect(conclusion?.oomInChild).toBe(conclusion?.ending.kind !== 'memory_limit');
      }),
    );
  });
});
