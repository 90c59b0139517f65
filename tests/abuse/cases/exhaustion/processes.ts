import type { AbuseCase } from '../../case.ts';
import { bash, c, cMain, python, submission } from '../../programs.ts';

const JAVA_THREADS = `public class Main {
  public static void main(String[] args) {
    for (;;) {
      Thread thread = new Thread(() -> { try { Thread.sleep(60000); } catch (InterruptedException stop) { } });
      thread.setDaemon(true);
      thread.start();
    }
  }
}`;
const GO_THREADS = `package main
import ("runtime"; "time")
func main() {
  for {
    go func() { runtime.LockOSThread(); time.Sleep(time.Minute) }()
    time.Sleep(100 * time.Microsecond)
  }
}`;
const PYTHON_THREADS = `import threading, time
while True: threading.Thread(target=time.sleep, args=(60,), daemon=True).start()`;

/** Java and Go need a while to start on a loaded machine. */
const PATIENT = { limits: { wallTimeMs: 20_000 } };

export const PROCESS_CASES: readonly AbuseCase[] = [
  {
    id: 'R1',
    title: 'C: fork in a loop, SIGCHLD ignored',
    tags: ['fast', 'full'],
    expected: 'a time limit, killed soon after it',
    acts: [
      {
        job: cMain('signal(SIGCHLD, SIG_IGN); for (;;) fork();', { limits: { wallTimeMs: 1000 } }),
        expect: { verdicts: ['wall_time_limit', 'time_limit'], step: 'run', killWithinMs: 3000 },
      },
    ],
  },
  {
    id: 'R2',
    title: 'shell: a function that pipes to itself, in the foreground and in the background',
    tags: ['full'],
    expected: 'a time limit, or the shell gives up by itself',
    acts: [
      {
        name: 'foreground',
        job: bash('f() { f | f; }; f'),
        expect: { verdicts: ['wall_time_limit', 'time_limit', 'runtime_error', 'memory_limit'], killWithinMs: 5000 },
      },
      {
        name: 'background',
        job: bash('f() { f | f & }; f; sleep 60'),
        expect: { verdicts: ['wall_time_limit', 'time_limit', 'runtime_error', 'memory_limit'], killWithinMs: 5000 },
      },
    ],
  },
  {
    id: 'R3',
    title: 'threads until there are no more, in Python, Java and Go',
    tags: ['full'],
    expected: "the runtime's own message and exit code",
    acts: [
      {
        name: 'python',
        job: python(PYTHON_THREADS, PATIENT),
        expect: { verdicts: ['runtime_error'], exitCode: 1, stderr: /can't start new thread/ },
      },
      {
        name: 'java',
        job: submission('java', JAVA_THREADS, PATIENT),
        expect: { verdicts: ['runtime_error'], exitCode: 1, stderr: /unable to create native thread/ },
      },
      {
        name: 'go',
        job: submission('go', GO_THREADS, PATIENT),
        expect: { verdicts: ['runtime_error'], exitCode: 2, stderr: /failed to create new OS thread/ },
      },
    ],
  },
  {
    id: 'R11',
    title: 'many short processes, none of which reaches a limit of its own',
    tags: ['full'],
    expected: 'the CPU limit, over all of them',
    acts: [
      {
        job: cMain('for (;;) { if (fork() == 0) { for (volatile int i = 0; i < 1000000; i++); _exit(0); } wait(0); }', {
          limits: { cpuTimeMs: 500, wallTimeMs: 30_000 },
        }),
        expect: { verdicts: ['time_limit'], step: 'run', cpuTimeMs: { min: 500 }, killWithinMs: 500 },
      },
    ],
  },
  {
    id: 'R19',
    title: 'a farm of zombies and 500 orphans',
    tags: ['fast', 'full'],
    expected: 'PID 1 takes the orphans, so that their number is no limit; zombies of its own are',
    acts: [
      {
        name: 'orphans',
        job: cMain(
          `for (int i = 0; i < 500; i++) {
            pid_t child = fork();
            if (child < 0) { printf("%d\\n", i); return 1; }
            if (child == 0) { if (fork() == 0) _exit(0); _exit(0); }
            waitpid(child, 0, 0);
            /* Bounds how many wait for PID 1 at once. */
            if (i % 16 == 15) usleep(5000);
          }
          puts("500");`,
          { limits: { wallTimeMs: 20_000 } },
        ),
        expect: { verdicts: ['ok'], stdout: '500\n' },
      },
      {
        name: 'zombies',
        job: cMain(
          'int n = 0; while (n < 500) { pid_t p = fork(); if (p == 0) _exit(0); if (p < 0) break; n++; } printf("%d\\n", n);',
          { limits: { processes: 20 } },
        ),
        expect: { verdicts: ['ok'], stdout: '19\n' },
      },
      {
        name: 'threads without end in C',
        job: c(
          'void *f(void *p) { pause(); return 0; }\nint main() { pthread_t t; int n = 0; while (pthread_create(&t, 0, f, 0) == 0) n++; printf("%d\\n", n); fflush(stdout); _exit(3); }',
          { limits: { processes: 20 } },
        ),
        expect: { verdicts: ['runtime_error'], exitCode: 3, stdout: '19\n' },
      },
    ],
  },
];
