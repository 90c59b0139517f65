import { describe, expect, test } from 'vitest';
import type { SandboxLimits, SandboxPlan } from '../src/index.ts';
import { DIFFERENCES, here } from './support/differences.ts';
import { c, compile, KIB, MIB, step, textFile } from './support/programs.ts';
import { endingOf, stderrOf, stdoutOf, useSandbox } from './support/use-sandbox.ts';

const user = useSandbox();

/** A compile step of a shell script, then one run. */
function make(script: string, run: readonly string[], outputs = ['out'], limits?: Partial<SandboxLimits>): SandboxPlan {
  return {
    files: [textFile('source', 'text\n')],
    compile: compile(['/bin/sh', '-c', script], outputs, limits),
    runs: [step(run)],
  };
}

const RUN = ['/program/out'];
const GOOD = 'printf "#!/bin/sh\\necho \\$0 ran" > out; chmod +x out';

async function endings(plan: SandboxPlan): Promise<{ compile: string; runs: string[]; failure: unknown }> {
  const report = await user.run(plan);
  return { compile: endingOf(report.compile), runs: report.runs.map(endingOf), failure: report.failure };
}

describe('F17: what a compiler leaves', () => {
  test('the files that match go to /program; the run finds a wiped /box', async () => {
    const script = `${GOOD}; cp out a.class; mkdir d; cp out 'b$c.class'; touch d/x.class left; echo y > /tmp/t; echo z > /dev/shm/s`;
    const look =
      'ls -A /box /tmp /dev/shm /program; stat -c "%n %a %u:%g" /program; stat -c "%n %a %u:%g %s" /program/*';
    const report = await user.run(make(script, ['sh', '-c', look], ['out', '*.class']));
    expect(report.failure).toBeNull();
    expect(stdoutOf(report.runs[0])).toBe(
      '/box:\n\n/dev/shm:\n\n/program:\na.class\nb$c.class\nout\n\n/tmp:\n/program 755 0:0\n' +
        '/program/a.class 555 0:0 21\n/program/b$c.class 555 0:0 21\n/program/out 555 0:0 21\n',
    );
  });

  test.each([
    ['nothing at all', ':', 'not_started', 'the compiler ended without an error but left no program'],
    ['another name', 'touch other', 'not_started', 'the compiler ended without an error but left no program'],
    [
      'a name that only matches in part',
      'touch out1 xout',
      'not_started',
      'the compiler ended without an error but left no program',
    ],
    ['a symbolic link to a secret', 'ln -s /etc/shadow out', 'not_started', undefined],
    ['a symbolic link to a good file', `${GOOD}; mv out x; ln -s x out`, 'not_started', undefined],
    ['a symbolic link to itself', 'ln -s out out', 'not_started', undefined],
    ['a FIFO', 'mkfifo out', 'not_started', undefined],
    ['a folder', 'mkdir out', 'not_started', undefined],
    ['a file that may not be read', 'touch out; chmod 0 out', 'not_started', undefined],
    ['a socket', 'python3 -c "import socket; socket.socket(1).bind(\'out\')"', 'not_started', undefined],
    ['a device that is only a link', 'ln -s /dev/zero out', 'not_started', undefined],
    ['no bytes', ': > out', 'not_started', 'the file is not a program for this machine'],
    ['text', 'echo hello > out', 'not_started', 'the file is not a program for this machine'],
  ])('%s', async (_name, script, ending, message) => {
    const report = await user.run(make(script, RUN));
    expect([endingOf(report.compile), report.runs.map(endingOf), report.failure]).toEqual(['exited 0', [ending], null]);
    expect(report.runs[0]?.ending).toMatchObject({
      kind: 'not_started',
      ...(message === undefined ? {} : { message }),
    });
  });

  test.each([
    ['a script', GOOD, 'exited 0'],
    ['a hard link', `${GOOD}; mv out x; ln x out`, 'exited 0'],
    ['a setuid file', `${GOOD}; chmod 6755 out`, 'exited 0'],
    ['a file that was not executable', `${GOOD}; chmod 644 out`, 'exited 0'],
    ['a file of 10 MB', `${GOOD}; head -c 10000000 /dev/zero >> out`, 'exited 0'],
  ])('%s runs', async (_name, script, ending) => {
    expect(await endings(make(script, RUN))).toEqual({ compile: 'exited 0', runs: [ending], failure: null });
  });

  test('more than there is room for', async () => {
    const report = await user.run(
      make('for i in 1 2 3 4 5 6; do head -c 15000000 /dev/zero > out$i; done', RUN, ['out*'], { fileBytes: 16 * MIB }),
    );
    expect(endingOf(report.compile)).not.toBe('no report');
    expect(report.failure).toBeNull();
    expect(report.runs.map(endingOf)).not.toEqual(['exited 0']);
  });

  test('/program cannot be changed by the run', async () => {
    const script =
      'echo x > /program/out; rm -f /program/out; touch /program/x; mv /program/out /program/y; chmod 777 /program; ls /program';
    const report = await user.run(make(GOOD, ['sh', '-c', script]));
    expect(stdoutOf(report.runs[0])).toBe('out\n');
  });

  test('each run finds the same program', async () => {
    const plan = make(GOOD, RUN);
    const report = await user.run({ ...plan, runs: [step(RUN), step(['sh', '-c', 'echo y > f']), step(RUN)] });
    expect(report.runs.map(stdoutOf)).toEqual(['/program/out ran\n', '', '/program/out ran\n']);
  });
});

describe('a compile step that fails', () => {
  test.each([
    ['exit 1', 'echo wrong >&2; exit 1', {}, 'exited 1'],
    ['a crash', 'kill -SEGV $$', {}, 'signalled SIGSEGV'],
    ['sleeps', 'sleep 9', { wallTimeMs: 300 }, 'wall_limit'],
    ['works too long', 'while :; do :; done', { cpuTimeMs: 300 }, 'cpu_limit'],
    ['talks too much', 'yes', { outputBytes: 64 * KIB }, 'output_limit'],
    ['talks too much, then exits 0', `${GOOD}; head -c 70000 /dev/zero`, { outputBytes: 64 * KIB }, 'output_limit'],
    [
      'needs too much memory in a child, then exits 1',
      'python3 -c "a = [bytearray(1 << 20) for _ in range(999)]" || exit 1',
      { memoryBytes: 64 * MIB },
      'memory_limit',
    ],
    ['is not there', 'exit 127', {}, 'exited 127'],
  ])('%s: nothing is run', async (_name, script, limits, ending) => {
    expect(await endings(make(script, RUN, ['out'], limits))).toEqual({
      compile: ending,
      runs: [],
      failure: null,
    });
  });

  test("the compiler's words are kept", async () => {
    const plan = c('int main() { return nothing; }');
    const report = await user.run(plan);
    expect(endingOf(report.compile)).toBe('exited 1');
    expect(stderrOf(report.compile)).toMatch(/main\.c:\d+:\d+: error: .nothing. undeclared/);
    expect(report.runs).toEqual([]);
  });

  test.each([
    ['an endless source', '#include "/dev/zero"'],
    ['a source that reads itself', '#include "main.c"\n#include "main.c"'],
    ['100 000 brackets', `int x = ${'('.repeat(100_000)}1${')'.repeat(100_000)};`],
    ['a gigabyte of data', 'char a[1 << 30] = {1}; int main() {}'],
  ])('%s is no fault of ours', async (_name, source) => {
    const compiling = compile(['gcc', 'main.c', '-o', 'main'], ['main'], {
      wallTimeMs: 10_000,
      cpuTimeMs: 5000,
      memoryBytes: 256 * MIB,
    });
    const report = await user.run({
      files: [textFile('main.c', source)],
      compile: compiling,
      runs: [step(['/program/main'])],
    });
    expect(report.failure).toBeNull();
    expect(endingOf(report.compile)).toMatch(/^(exited [14]|memory_limit|cpu_limit|output_limit)/);
  });

  test('the real files of the system are not in reach of the compiler', async () => {
    const report = await user.run(c('#include "/etc/shadow"\nint main() {}'));
    expect(stderrOf(report.compile)).toMatch(/\/etc\/shadow: (Permission denied|No such file)/);
  });
});

test('a daemon left by the compiler is dead in the run', async () => {
  const script = `${GOOD}; setsid sh -c 'while :; do echo alive > /tmp/alive; sleep 0.02; done' > /dev/null 2>&1 &`;
  const look = 'sleep 0.2; ls -A /tmp; ls /proc | grep -c "^[0-9]"';
  const report = await user.run(make(script, ['sh', '-c', look]));
  expect(endingOf(report.compile)).toBe('exited 0');
  // The shell, ls and grep.
  expect(stdoutOf(report.runs[0])).toBe(`${3 + here(DIFFERENCES.seesPid1).least}\n`);
});

test('limits and usage of the two steps are their own', async () => {
  const plan = c('int main() { char *p = malloc(40 << 20); memset(p, 1, 40 << 20); return 0; }', {
    limits: { memoryBytes: 32 * MIB },
  });
  const report = await user.run(plan);
  expect([endingOf(report.compile), ...report.runs.map(endingOf)]).toEqual(['exited 0', 'memory_limit']);
  const small = await user.run(c('int main() { return 0; }'));
  expect(small.compile?.usage.memoryBytes).toBeGreaterThan(4 * MIB);
  expect(small.runs[0]?.usage.memoryBytes).toBeLessThan(3 * MIB);
  expect(small.compile?.usage.cpuTimeMs).toBeGreaterThan(3 * (small.runs[0]?.usage.cpuTimeMs ?? Infinity));
});
