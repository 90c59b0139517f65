import { describe, expect, test } from 'vitest';
import type { SandboxPlan } from '../src/index.ts';
import { testPrograms } from './support/program-case.ts';
import { c, cMain, LIMITS, NO_STDIN, sh, step, textFile } from './support/programs.ts';
import { endingOf, stdoutOf, useSandbox } from './support/use-sandbox.ts';

const user = useSandbox();

describe('F9: exit codes', () => {
  test.each([0, 1, 42, 137, 255])('exit %d', async (code) => {
    const report = await user.run(sh('exit $1', { args: [String(code)] }));
    expect(report.runs.map(endingOf)).toEqual([`exited ${code}`]);
  });

  test('only the low byte counts, as everywhere', async () => {
    expect((await user.run(cMain('exit(256 + 7);'))).runs.map(endingOf)).toEqual(['exited 7']);
  });
});

describe('F8: signals', () => {
  const SIGNALS: readonly (readonly [number, string])[] = [
    [1, 'SIGHUP'],
    [2, 'SIGINT'],
    [3, 'SIGQUIT'],
    [4, 'SIGILL'],
    [5, 'SIGTRAP'],
    [6, 'SIGABRT'],
    [7, 'SIGBUS'],
    [8, 'SIGFPE'],
    [9, 'SIGKILL'],
    [10, 'SIGUSR1'],
    [11, 'SIGSEGV'],
    [12, 'SIGUSR2'],
    [13, 'SIGPIPE'],
    [14, 'SIGALRM'],
    [15, 'SIGTERM'],
    [24, 'SIGXCPU'],
    [25, 'SIGXFSZ'],
    [31, 'SIGSYS'],
    [36, 'SIGRTMIN+2'],
  ];

  test('raised by the program itself', async () => {
    const runs = SIGNALS.map(([number]) => ({ args: [String(number)] }));
    const report = await user.run(cMain('kill(getpid(), atoi(argv[1])); pause();', ...runs));
    expect(report.failure).toBeNull();
    expect(report.runs.map(endingOf)).toEqual(SIGNALS.map(([, name]) => `signalled ${name}`));
  });

  testPrograms(user, [
    { name: 'abort()', plan: cMain('abort();'), ends: 'signalled SIGABRT' },
    { name: 'null pointer', plan: cMain('*(volatile int *)0 = 1;'), ends: 'signalled SIGSEGV' },
    {
      name: 'division by zero',
      plan: cMain('volatile int a = 5, n = argc - 1; return a / n;'),
      ends: 'signalled SIGFPE',
    },
    { name: 'illegal instruction', plan: cMain('__builtin_trap();'), ends: 'signalled SIGILL' },
    {
      name: 'endless recursion',
      plan: c(
        'int f(int n) { volatile char b[999]; b[n % 999] = n; return f(n + 1) + b[0]; }\nint main() { return f(0); }',
      ),
      ends: 'signalled SIGSEGV',
    },
    {
      name: 'what was printed before a crash is kept',
      plan: sh('echo before; kill -SEGV $$'),
      ends: 'signalled SIGSEGV',
      stdout: 'before\n',
    },
    {
      name: 'a child that dies of a signal is the exit code that the shell makes of it',
      plan: sh("sh -c 'kill -SEGV $$'; exit $?"),
      ends: 'exited 139',
    },
  ]);
});

describe('programs that cannot be started', () => {
  const GONE = 'the program, or the interpreter that its first line names, does not exist';
  const FOREIGN = 'the file is not a program for this machine';

  test.each([
    ['no such file', { files: [], runs: [step(['/nowhere'])] }, GONE],
    ['not in PATH', { files: [], runs: [step(['nowhere'])] }, GONE],
    ['not executable', start('main', '#!/bin/sh\n', 0o644), 'the file is not executable'],
    ['a directory', { files: [], runs: [step(['/usr'])] }, 'the file is not executable'],
    [
      'below a file',
      { files: [], runs: [step(['/etc/passwd/x'])] },
      'a part of the path of the program is not a directory',
    ],
    ['an interpreter that is not there', start('main', '#!/usr/bin/nowhere\n', 0o755), GONE],
    ['no bytes', start('main', '', 0o755), FOREIGN],
    ['a script without a first line', start('main', 'echo hello\n', 0o755), FOREIGN],
    ['an ELF head without a body', start('main', '\x7fELF', 0o755), FOREIGN],
  ])('%s', async (_name, plan, why) => {
    const report = await user.run(plan);
    expect(report.failure).toBeNull();
    expect(report.runs[0]?.ending).toEqual({
      kind: 'not_started',
      message: why,
    });
  });

  test('a program is looked up in the PATH of its own environment', async () => {
    const report = await user.run({
      files: [textFile('bin/hello', '#!/bin/sh\necho "found $0"\n', 0o755)],
      runs: [step(['hello'], { env: { PATH: '/nowhere:/box/bin' } })],
    });
    expect(report.runs.map(stdoutOf)).toEqual(['found /box/bin/hello\n']);
  });
});

/** A plan of one file that is its own program. */
function start(file: string, content: string, mode: number): SandboxPlan {
  return {
    files: [textFile(file, content, mode)],
    runs: [{ argv: [`./${file}`], env: {}, stdin: NO_STDIN, limits: LIMITS }],
  };
}

describe('the main process decides', () => {
  testPrograms(user, [
    {
      name: 'a daemon with stdout open does not hold the step',
      plan: cMain(daemon('')),
      ends: 'exited 0',
    },
    {
      name: 'a daemon with stdout closed does not hold the step',
      plan: cMain(daemon('close(0); close(1); close(2);')),
      ends: 'exited 0',
    },
    {
      name: 'a daemon that ignores every signal does not hold the step',
      plan: cMain(daemon('for (int i = 1; i < 65; i++) signal(i, SIG_IGN);')),
      ends: 'exited 0',
    },
    {
      name: 'a child that still prints right after the end is heard',
      plan: sh('(sleep 0.03; echo late) & echo early'),
      ends: 'exited 0',
      stdout: 'early\nlate\n',
    },
    {
      name: 'a child that prints long after the end is not',
      plan: sh('(sleep 9; echo late) & echo early'),
      ends: 'exited 0',
      stdout: 'early\n',
    },
    {
      name: 'a child that prints for ever ends with the grace',
      plan: sh('(while :; do echo x; sleep 0.01; done) & exit 3'),
      ends: 'exited 3',
    },
    {
      name: '500 orphans are reaped',
      plan: cMain(
        'for (int i = 0; i < 500; i++) { if (fork() == 0) { if (fork() == 0) usleep(500); _exit(0); } wait(0); } puts("done");',
      ),
      ends: ['exited 0'],
      stdout: 'done\n',
    },
    {
      name: 'a thread that goes on after main has ended by pthread_exit',
      plan: c(
        'void *f(void *p) { usleep(50000); puts("thread"); fflush(stdout); return 0; }\nint main() { pthread_t t; pthread_create(&t, 0, f, 0); pthread_exit(0); }',
      ),
      ends: 'exited 0',
      stdout: 'thread\n',
    },
    {
      name: 'exec keeps the process',
      plan: sh('exec sh -c "echo second; exit 9"'),
      ends: 'exited 9',
      stdout: 'second\n',
    },
  ]);
});

/** Double fork and setsid; the daemon sleeps far longer than the wall limit. */
function daemon(prepare: string): string {
  return `if (fork() == 0) { setsid(); if (fork() == 0) { ${prepare} for (;;) pause(); } _exit(0); } wait(0); return 0;`;
}
