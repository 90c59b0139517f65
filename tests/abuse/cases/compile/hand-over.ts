import type { AbuseCase, JobExpectation } from '../../case.ts';
import { hostileBuild } from './hostile-build.ts';

/** What the run step finds, in lines: who else runs, what is left, who owns the program, who could change it. */
const LOOK_AROUND = `main = do
  hSetBuffering stdout LineBuffering
  callCommand (unlines
    [ "echo processes $(ls /proc | grep -c '^[0-9]*$')"
    , "echo box $(ls -A /box)"
    , "echo tmp $(ls -A /tmp)"
    , "echo shm $(ls -A /dev/shm)"
    , "echo program $(ls -A /program)"
    , "echo owner $(stat -c '%u:%g %a' /program/main) in $(stat -c '%u:%g %a' /program)"
    , "(echo x > /program/main) 2>/dev/null && echo written"
    , "(echo x > /program/new) 2>/dev/null && echo made"
    , "rm -f /program/main 2>/dev/null && echo removed"
    , "chmod 777 /program/main 2>/dev/null && echo changed"
    , "true" ])`;

const notAProgram: JobExpectation = { verdicts: ['runtime_error'], step: 'run', stdout: '' };

export const HAND_OVER_CASES: readonly AbuseCase[] = [
  {
    id: 'C18',
    title: 'the build leaves daemons and files, and replaces its output between compile and run',
    tags: ['full'],
    expected:
      'the run starts after all of it is dead and wiped, from a program that belongs to root and nobody can write',
    acts: [
      {
        name: 'daemons that write to /program for ever, and files everywhere',
        job: hostileBuild(
          `for f in /box/left /tmp/left /dev/shm/left; do echo x > $f; done; mkdir -p /box/a/b/c; mkfifo /box/fifo; ln -s / /box/root
for n in 1 2 3 4 5; do setsid sh -c 'while :; do echo replaced > /program/main; sleep 0.01; done' > /dev/null 2>&1 < /dev/null & done`,
          LOOK_AROUND,
        ),
        expect: {
          verdicts: ['ok'],
          stdout: /^processes [3-6]\nbox\ntmp\nshm\nprogram main\nowner 0:0 [0-9]*5[0-9]* in 0:0 [0-9]*5[0-9]*\n$/,
        },
      },
      {
        name: 'a daemon that replaces the output as soon as the compiler has ended',
        job: hostileBuild(
          `ghc=$(ps -o pid= -C ghc | head -n 1); setsid sh -c 'cp main kept; while kill -0 $PPID; do :; done; echo "echo replaced" > main' > /dev/null 2>&1 < /dev/null &`,
        ),
        // The own daemon of the submission may win within the grace of 100 ms: then its file is the program, which is no program.
        expect: { verdicts: ['ok', 'runtime_error'], step: 'run', stdout: /^(built\n)?$/ },
      },
      {
        name: 'the program itself, left running with the output open for writing',
        job: hostileBuild(
          `setsid sh -c 'exec 9>>main; while :; do echo x >&9; sleep 0.01; done' > /dev/null 2>&1 < /dev/null &`,
        ),
        expect: { verdicts: ['ok', 'runtime_error', 'compile_error'] },
      },
    ],
  },
  {
    id: 'C19',
    title: 'the build succeeds, but its output is no program',
    tags: ['full'],
    expected: 'a runtime or compile error in clear words',
    acts: [
      { name: '0 bytes', job: hostileBuild(': > main'), expect: { ...notAProgram, error: /could not be started/ } },
      {
        name: 'a script without its first line',
        job: hostileBuild('echo "echo scripted" > main'),
        expect: notAProgram,
      },
      {
        name: 'a script with its first line, which is as good a program as any',
        job: hostileBuild('printf "#!/bin/sh\\necho scripted\\n" > main'),
        expect: { verdicts: ['ok'], stdout: 'scripted\n' },
      },
      {
        name: 'a program of another machine',
        job: hostileBuild('printf "\\363\\000" | dd of=main bs=1 seek=18 conv=notrunc 2>/dev/null'),
        expect: notAProgram,
      },
      {
        name: 'half a program',
        job: hostileBuild('dd if=/dev/null of=main bs=1 seek=3000'),
        expect: { verdicts: ['runtime_error', 'signalled'], step: 'run' },
      },
      {
        name: 'setuid and setgid bits',
        job: hostileBuild(
          'chmod 6755 main',
          'main = callCommand "stat -c %a /program/main; grep -E ^[UG]id: /proc/self/status"',
        ),
        expect: { verdicts: ['ok'], stdout: /^[0-7]?[0-7]{3}\nUid:(\t2\d{5}){4}\nGid:(\t2\d{5}){4}\n$/ },
      },
      {
        name: 'not executable',
        job: hostileBuild('chmod 000 main'),
        expect: { verdicts: ['ok', 'compile_error', 'runtime_error'] },
      },
      { name: 'nothing', job: hostileBuild('rm main'), expect: { verdicts: ['compile_error', 'runtime_error'] } },
      {
        name: 'a link to /etc/passwd',
        job: hostileBuild('ln -sf /etc/passwd main'),
        expect: { verdicts: ['compile_error', 'runtime_error'], stdout: '' },
      },
      {
        name: 'a link to /bin/cat',
        job: hostileBuild('ln -sf /bin/cat main'),
        expect: { verdicts: ['compile_error', 'runtime_error'], stdout: '' },
      },
      {
        name: 'a FIFO',
        job: hostileBuild('rm main; mkfifo main'),
        expect: { verdicts: ['compile_error', 'runtime_error'] },
      },
      {
        name: 'a folder',
        job: hostileBuild('rm main; mkdir -p main/a/b'),
        expect: { verdicts: ['compile_error', 'runtime_error'] },
      },
      {
        name: 'a link to a device that never ends',
        job: hostileBuild('ln -sf /dev/zero main'),
        expect: { verdicts: ['compile_error', 'runtime_error'] },
      },
      {
        name: 'more than fits into memory',
        job: hostileBuild('rm -f *.o *.hi *gcc; dd if=/dev/zero of=main bs=1M count=60'),
        expect: { verdicts: ['runtime_error', 'compile_error', 'memory_limit'] },
      },
      {
        name: 'a sparse file of 60 MB',
        job: hostileBuild('truncate -s 60000000 main'),
        expect: { verdicts: ['ok', 'runtime_error', 'compile_error', 'memory_limit'] },
      },
    ],
  },
];
