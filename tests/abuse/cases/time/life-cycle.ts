import type { AbuseCase } from '../../case.ts';
import { bash, cMain, python } from '../../programs.ts';

const SHORT = { limits: { wallTimeMs: 800, cpuTimeMs: 800 } };
/** From the limit to the end on a loaded machine; the measured value stands in the report. */
const KILL_MS = 2500;
const wallLimit = { verdicts: ['wall_time_limit' as const], step: 'run' as const, killWithinMs: KILL_MS };
const anyTimeLimit = {
  verdicts: ['wall_time_limit' as const, 'time_limit' as const],
  step: 'run' as const,
  killWithinMs: KILL_MS,
};
const IGNORE_ALL = 'for (int s = 1; s < 65; s++) signal(s, SIG_IGN);';

/** Parent ends at once; what it leaves would live for minutes. */
const daemon = (before: string) =>
  cMain(
    `if (fork() == 0) { setsid(); if (fork() == 0) { ${before} ${IGNORE_ALL} for (;;) sleep(100); } _exit(0); } puts("left");`,
  );

export const LIFE_CYCLE_CASES: readonly AbuseCase[] = [
  {
    id: 'T1',
    title: 'sleep, wait for nothing, read stdin to its end',
    tags: ['full'],
    expected: 'a wall limit; ok on the end of stdin',
    acts: [
      { name: 'sleep 1000', job: bash('sleep 1000', SHORT), expect: { ...wallLimit, stdout: '' } },
      { name: 'select for ever', job: cMain('select(0, NULL, NULL, NULL, NULL);', SHORT), expect: wallLimit },
      {
        name: 'a lock held by itself',
        job: cMain(
          'pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER; pthread_mutex_lock(&m); pthread_mutex_lock(&m);',
          SHORT,
        ),
        expect: wallLimit,
      },
      { name: 'a FIFO without a writer', job: bash('mkfifo f; cat f', SHORT), expect: wallLimit },
      {
        name: 'stdin to its end',
        job: cMain('char b[99]; while (read(0, b, sizeof b) > 0) {} puts("end");'),
        expect: { verdicts: ['ok'], stdout: 'end\n' },
      },
    ],
  },
  {
    id: 'T2',
    title: 'ignore every signal and spin',
    tags: ['full'],
    expected: 'a time limit, killed at once',
    acts: [
      {
        job: cMain(
          `${IGNORE_ALL} sigset_t all; sigfillset(&all); sigprocmask(SIG_BLOCK, &all, NULL); for (;;) {}`,
          SHORT,
        ),
        expect: anyTimeLimit,
      },
      {
        name: 'in many threads',
        job: python(
          'import signal, threading\nfor s in signal.valid_signals():\n  try: signal.signal(s, signal.SIG_IGN)\n  except OSError: pass\ndef spin():\n  while True: pass\nfor _ in range(8): threading.Thread(target=spin).start()',
          SHORT,
        ),
        expect: anyTimeLimit,
      },
    ],
  },
  {
    id: 'T3',
    title: 'stop itself and its children',
    tags: ['full'],
    expected: 'a wall limit',
    acts: [
      { name: 'SIGSTOP', job: cMain('if (fork() == 0) for (;;) pause(); kill(0, SIGSTOP);', SHORT), expect: wallLimit },
      {
        name: 'SIGTSTP and SIGTTIN',
        job: cMain('raise(SIGTSTP); raise(SIGTTIN); raise(SIGSTOP); return 3;', SHORT),
        expect: wallLimit,
      },
      {
        name: 'children stop each other for ever',
        job: cMain(
          'for (int i = 0; i < 8; i++) if (fork() == 0) for (;;) { kill(0, SIGSTOP); } for (;;) pause();',
          SHORT,
        ),
        expect: anyTimeLimit,
      },
    ],
  },
  {
    id: 'T4',
    title: 'a daemon of two forks and a session of its own, the parent ends with 0',
    tags: ['fast', 'full'],
    expected: 'ok at once; the daemon is dead',
    acts: [
      {
        name: 'descriptors closed',
        job: daemon('for (int fd = 0; fd < 99; fd++) close(fd);'),
        expect: { verdicts: ['ok'], stdout: 'left\n', wallTimeMs: { max: 2500 } },
      },
      {
        name: 'descriptors kept',
        job: daemon(''),
        expect: { verdicts: ['ok'], stdout: 'left\n', wallTimeMs: { max: 2500 } },
      },
      {
        name: 'a chain that forks on',
        job: daemon('for (;;) { if (fork() != 0) _exit(0); }'),
        expect: { verdicts: ['ok'], stdout: 'left\n', wallTimeMs: { max: 2500 } },
      },
      {
        name: 'a stopped daemon',
        job: daemon('raise(SIGSTOP);'),
        expect: { verdicts: ['ok'], stdout: 'left\n', wallTimeMs: { max: 2500 } },
      },
    ],
  },
  {
    id: 'T7',
    title: 'busy in the kernel: memset of much memory, getrandom of 1 GB, mmap and munmap',
    tags: ['full'],
    expected: 'a time limit: system time counts',
    acts: [
      'size_t n = 200 << 20; char *p = mmap(NULL, n, 3, 34, -1, 0); for (;;) { memset(p, 1, n); madvise(p, n, MADV_DONTNEED); }',
      'size_t n = 128 << 20; char *p = mmap(NULL, n, 3, 34, -1, 0); for (;;) for (int i = 0; i < 8; i++) syscall(SYS_getrandom, p, n, 0);',
      'for (;;) { char *p = mmap(NULL, 64 << 20, 3, 34 | MAP_POPULATE, -1, 0); munmap(p, 64 << 20); }',
      'for (;;) { int p[2]; pipe(p); close(p[0]); close(p[1]); }',
      'for (;;) close(open("/dev/null", O_RDONLY));',
    ].map((body) => ({
      name: body.slice(0, 50),
      job: cMain(body, { limits: { cpuTimeMs: 500, wallTimeMs: 60_000 } }),
      expect: {
        verdicts: ['time_limit' as const],
        step: 'run' as const,
        cpuTimeMs: { min: 500, max: 1500 },
        killWithinMs: KILL_MS,
      },
    })),
  },
  {
    id: 'T8',
    title: 'alarm, setitimer, time zone, clocks, date -s',
    tags: ['full'],
    expected: 'its own alarms work; the time of the host cannot be changed',
    acts: [
      { name: 'alarm', job: cMain('alarm(1); pause();'), expect: { verdicts: ['signalled'], signal: 'SIGALRM' } },
      {
        name: 'setitimer of CPU time',
        job: cMain('struct itimerval t = {{0, 0}, {0, 50000}}; setitimer(ITIMER_PROF, &t, NULL); for (;;) {}'),
        expect: { verdicts: ['signalled'], signal: 'SIGPROF' },
      },
      {
        name: 'time zone',
        job: bash('TZ=Asia/Kathmandu date -d @0 +%z; date -d @0 +%z'),
        expect: { verdicts: ['ok'], stdout: /^\+0[05][03]0\n\+0000\n$/ },
      },
      {
        name: 'settimeofday, clock_settime, adjtimex',
        job: cMain(
          'struct timeval v = {1, 0}; struct timespec s = {1, 0}; long buf[64] = {1}; printf("%d%d%d %d", settimeofday(&v, NULL), clock_settime(CLOCK_REALTIME, &s), (int)syscall(SYS_adjtimex, buf), time(NULL) > 1700000000);',
        ),
        expect: { verdicts: ['ok'], stdout: '-1-1-1 1' },
      },
      {
        name: 'date -s, through the clock of the client',
        script: async (world) => {
          const startMs = Date.now();
          const startMonotonicMs = performance.now();
          const seen = await world.run(bash('date -s @1 2>&1 >/dev/null | grep -c "cannot set date"; date +%Y'));
          const jumpMs = Date.now() - startMs - (performance.now() - startMonotonicMs);
          return [
            ...world.compare(seen, { verdicts: ['ok'], stdout: /^1\n20\d\d\n$/ }),
            ...(Math.abs(jumpMs) < 5000 ? [] : [`the clock of the host jumped by ${jumpMs} ms`]),
          ];
        },
      },
    ],
  },
];
