import type { AbuseCase, Check } from '../../case.ts';
import { c } from '../../programs.ts';

/**
 * What the kernel counts per uid or for the whole host. `COUNT(name, most, call)` makes as many as it can get, up to `most`, and
 * says how many.
 */
const COUNTS = `#include <sys/inotify.h>
#include <mqueue.h>
#define COUNT(name, most, call) do { int n = 0; while (n < (most) && (call) != -1) n++; printf(name " %d\\n", n); } while (0)
static int a_timer(void) { timer_t t; struct sigevent quiet = {.sigev_notify = SIGEV_NONE}; return timer_create(CLOCK_MONOTONIC, &quiet, &t); }
static int a_pipe(void) { int p[2]; return pipe(p); }
static int a_queue(int n) { char name[32]; sprintf(name, "/q%d", n); return mq_open(name, O_CREAT | O_RDWR, 0600, 0); }
static int a_signal(void) { return sigqueue(getpid(), SIGRTMIN, (union sigval){0}); }
static int a_segment(void) { int id = shmget(IPC_PRIVATE, 4096, 0600); return id; }
static void count(int most) {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, 0);
  int q = 0;
  COUNT("inotify", most, inotify_init1(0));
  COUNT("timers", most, a_timer());
  COUNT("queues", most, a_queue(q++));
  COUNT("signals", most, a_signal());
  COUNT("segments", most, a_segment());
  COUNT("semaphores", most, semget(IPC_PRIVATE, 1, 0600));
  int p[2];
  pipe(p);
  printf("pipe %d\\n", fcntl(p[1], F_GETPIPE_SZ));
  COUNT("pipes", most, a_pipe());
  fflush(stdout);
}`;

/** Takes all that it can get and keeps it for a while. */
const HOG = c(`${COUNTS}\nint main() { count(1 << 20); sleep(3); return 9; }`, { limits: { wallTimeMs: 30_000 } });
/** Starts with the hog, and counts when that has everything. */
const NEIGHBOUR = c(`${COUNTS}\nint main() { sleep(2); count(100); }`, { limits: { wallTimeMs: 30_000 } });

const isUntouched: Check = ({ jobs: [alone, hog, beside], note }) => {
  note(`taken: ${String(hog?.stdout).trim().replaceAll('\n', ', ')}`);
  return String(alone?.stdout) === String(beside?.stdout)
    ? []
    : [`alone it got ${String(alone?.stdout)}, beside the hog ${String(beside?.stdout)}`];
};

export const QUOTA_CASES: readonly AbuseCase[] = [
  {
    id: 'R16',
    title: 'inotify, timers, queues, signals, System V, pipes until there are no more',
    tags: ['full'],
    expected: "the program's own exit code; a job of another slot at the same time gets all that it gets alone",
    acts: [
      { name: 'alone', job: NEIGHBOUR, expect: { verdicts: ['ok'], stdout: /^inotify \d+\n(.* \d+\n){7}$/ } },
      {
        together: [
          { name: 'hog', job: HOG, expect: { verdicts: ['runtime_error'], exitCode: 9 } },
          { name: 'neighbour', job: NEIGHBOUR, expect: { verdicts: ['ok'] } },
        ],
      },
    ],
    checks: [isUntouched],
  },
];
