import type { AbuseCase, JobExpectation } from '../../case.ts';
import { MIB, submission } from '../../programs.ts';
import { COMPILER_OUT_OF_MEMORY } from './expectations.ts';

/** What an interpreter does before the first line runs counts as running. */
const STOPPED_RUN: JobExpectation = { verdicts: ['time_limit', 'wall_time_limit'], step: 'run', killWithinMs: 3000 };
const limited = { limits: { memoryBytes: 128 * MIB } };
const nested = (open: string, close: string, depth: number) => `${open.repeat(depth)}${close.repeat(depth)}`;

/** Refused in the interpreter's own words, or out of one of its limits: never an internal error, never a hang. */
const REFUSED: JobExpectation = {
  verdicts: ['runtime_error', 'signalled', 'memory_limit', 'time_limit', 'wall_time_limit'],
  step: 'run',
  killWithinMs: 6000,
};

export const INTERPRETER_CASES: readonly AbuseCase[] = [
  {
    id: 'C17',
    title: 'work before the first line: Python constants, Ruby and Perl BEGIN, nesting',
    tags: ['full'],
    expected: 'counted under the limits of the run; a refusal is the interpreter’s own error',
    acts: [
      { name: 'Python: 10^5 brackets', job: submission('python', nested('[', ']', 100_000)), expect: REFUSED },
      {
        name: 'Python: 10^4 minus signs, which the parser nests',
        job: submission('python', `print(${'-'.repeat(10_000)}1)`),
        expect: { verdicts: ['ok', 'runtime_error', 'signalled'], step: 'run' },
      },
      {
        name: 'Python: a tuple of 10^9 numbers by constant folding',
        job: submission('python', 'print(len((1 << 19 ** 8,) * 4 ** 7))', limited),
        expect: {
          verdicts: ['memory_limit', 'runtime_error', 'time_limit', 'wall_time_limit'],
          step: 'run',
          killWithinMs: 6000,
        },
      },
      {
        name: 'Python: a power tower',
        job: submission('python', 'x = 9 ** 9 ** 9 ** 9'),
        expect: {
          verdicts: ['time_limit', 'wall_time_limit', 'memory_limit', 'runtime_error'],
          step: 'run',
          killWithinMs: 6000,
        },
      },
      {
        name: 'Python: a nested literal of 80 000 pairs',
        job: submission('python', `x = [${'({},[1]),'.repeat(25_000)}]\nprint(len(x))`),
        expect: { verdicts: ['ok'], stdout: '25000\n' },
      },
      {
        name: 'Ruby: BEGIN that never ends',
        job: submission('ruby', 'BEGIN { loop {} }\nputs "never"'),
        expect: { ...STOPPED_RUN, stdout: '' },
      },
      {
        name: 'Perl: BEGIN that starts a program',
        job: submission('perl', 'BEGIN { system("id -u; cat /proc/self/status | grep NoNewPrivs") }\nprint "ran\\n";'),
        expect: { verdicts: ['ok'], stdout: /^2\d{5}\nNoNewPrivs:\t1\nran\n$/ },
      },
      {
        name: 'Perl: BEGIN that never ends',
        job: submission('perl', 'BEGIN { 1 while 1 }\nprint "never\\n";'),
        expect: { ...STOPPED_RUN, stdout: '' },
      },
      {
        name: 'Perl: 10^5 parentheses',
        job: submission('perl', `print ${nested('(', ')', 100_000)};`),
        expect: { ...REFUSED, verdicts: ['ok', ...REFUSED.verdicts] },
      },
      {
        name: 'Ruby: 10^5 brackets',
        job: submission('ruby', nested('[', ']', 100_000)),
        expect: { ...REFUSED, verdicts: ['ok', ...REFUSED.verdicts] },
      },
      {
        name: 'PHP: 10^5 brackets',
        job: submission('php', `<?php $x = ${nested('[', ']', 100_000)};`),
        expect: { ...REFUSED, verdicts: ['ok', ...REFUSED.verdicts] },
      },
      { name: 'Lua: 10^5 braces', job: submission('lua', `x = ${nested('{', '}', 100_000)}`), expect: REFUSED },
      { name: 'JavaScript: 10^5 brackets', job: submission('javascript', nested('[', ']', 100_000)), expect: REFUSED },
      {
        name: 'JavaScript: a regular expression that takes exponential time',
        job: submission('javascript', `/^(a+)+$/.test('${'a'.repeat(60)}!')`),
        expect: STOPPED_RUN,
      },
      { name: 'bash: 10^5 groups', job: submission('bash', nested('(', ')', 100_000)), expect: REFUSED },
      {
        name: 'bash: brace expansion of 10^12 words',
        job: submission('bash', 'echo {0..999999}{0..999999}', limited),
        expect: REFUSED,
      },
      {
        name: 'Haskell: types that grow without end',
        job: submission(
          'haskell',
          '{-# LANGUAGE TypeFamilies, UndecidableInstances #-}\n{-# OPTIONS_GHC -freduction-depth=0 #-}\ntype family F a where F a = F (a, a)\nx :: F Int\nx = undefined\nmain :: IO ()\nmain = x `seq` putStrLn "x"\n',
        ),
        expect: COMPILER_OUT_OF_MEMORY,
      },
    ],
  },
];
