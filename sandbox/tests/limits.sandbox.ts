import { describe, expect, test } from 'vitest';
import { DIFFERENCES, here } from './support/differences.ts';
import { between, testPrograms, type ProgramCase } from './support/program-case.ts';
import { c, cMain, MIB, python, sh } from './support/programs.ts';
import { endingOf, onlyRun, stdoutOf, useSandbox } from './support/use-sandbox.ts';

const user = useSandbox();

const IGNORE_ALL = 'for (int i = 1; i < 65; i++) signal(i, SIG_IGN);';

const WALL_FIRED: NonNullable<ProgramCase['facts']> = [(run) => run.usage.wallTimeMs >= 300, true];
const CPU_FIRED: NonNullable<ProgramCase['facts']> = [(run) => between(300, 1000)(run.usage.cpuTimeMs), true];

describe('F11: wall time', () => {
  const limits = { wallTimeMs: 300 };
  testPrograms(user, [
    {
      name: 'sleep',
      plan: sh('echo start; sleep 9', { limits }),
      ends: 'wall_limit',
      stdout: 'start\n',
      facts: WALL_FIRED,
    },
    { name: 'wait for ever', plan: cMain('for (;;) pause();', { limits }), ends: 'wall_limit', facts: WALL_FIRED },
    { name: 'SIGSTOP itself', plan: cMain('raise(SIGSTOP);', { limits }), ends: 'wall_limit', facts: WALL_FIRED },
    {
      name: 'SIGSTOP its children and itself',
      plan: sh('sleep 9 & kill -STOP $!; kill -STOP $$', { limits }),
      ends: 'wall_limit',
      facts: WALL_FIRED,
    },
    {
      name: 'ignore every signal',
      plan: cMain(`${IGNORE_ALL} for (;;) sleep(9);`, { limits }),
      ends: 'wall_limit',
      facts: WALL_FIRED,
    },
    {
      name: 'a session of its own, waited for',
      plan: sh('setsid sleep 9', { limits }),
      ends: 'wall_limit',
      facts: WALL_FIRED,
    },
    {
      name: 'no output, both streams closed',
      plan: sh('exec >&- 2>&-; sleep 9', { limits }),
      ends: 'wall_limit',
      facts: WALL_FIRED,
    },
  ]);

  test('a program at its limit has either ended by itself or was killed, never both', async () => {
    const runs = Array.from({ length: 24 }, (_, index) => ({
      // One that ends in time on any machine, the others about the limit.
      args: [String(index === 0 ? 0 : 100_000 + (index - 12) * 500)],
      limits: { wallTimeMs: 100 },
    }));
    const report = await user.run(cMain('usleep(atoi(argv[1])); write(1, "x", 1);', ...runs));
    expect(report.failure).toBeNull();
    expect(report.runs).toHaveLength(24);
    const told = report.runs.map((run) => `${endingOf(run)} ${stdoutOf(run)}`);
    expect(told.filter((text) => !/^(exited 0 x|wall_limit x?)$/.test(text))).toEqual([]);
    // Rounded to milliseconds: 100 may be a little less than the limit, or a little more.
    const decided = report.runs.filter(({ usage }) => usage.wallTimeMs !== 100);
    for (const run of decided) expect(endingOf(run) === 'wall_limit').toBe(run.usage.wallTimeMs > 100);
    expect(report.runs.map(endingOf)).toContain('exited 0');
    expect(report.runs.map(endingOf)).toContain('wall_limit');
  });
});

describe('F12: CPU time', () => {
  const limits = { cpuTimeMs: 300, wallTimeMs: 6000 };
  const busy = (name: string, plan: Parameters<typeof user.run>[0]) => ({
    name,
    plan,
    ends: 'cpu_limit',
    facts: CPU_FIRED,
  });
  testPrograms(user, [
    busy('busy', cMain('for (;;);', { limits })),
    busy('busy, ignoring every signal', cMain(`${IGNORE_ALL} for (;;);`, { limits })),
    busy(
      'busy in the kernel',
      cMain('static char b[1 << 20]; for (;;) syscall(SYS_getrandom, b, sizeof b, 0);', { limits }),
    ),
    busy(
      'busy threads',
      c(
        'void *f(void *p) { for (;;); }\nint main() { pthread_t t; for (int i = 0; i < 7; i++) pthread_create(&t, 0, f, 0); f(0); }',
        { limits },
      ),
    ),
    busy('busy children', cMain('for (int i = 0; i < 7; i++) if (fork() == 0) break; for (;;);', { limits })),
    busy(
      'busy grandchildren whose parents are gone',
      cMain(
        'for (int i = 0; i < 4; i++) if (fork() == 0) { if (fork() == 0) for (;;); _exit(0); } for (;;) wait(0) < 0 && pause();',
        { limits },
      ),
    ),
    busy(
      'many short processes',
      cMain('for (;;) { if (fork() == 0) { for (volatile int i = 0; i < 100000; i++); _exit(0); } wait(0); }', {
        limits,
      }),
    ),
    busy('many short programs', sh('while :; do /bin/true; done', { limits })),
    busy(
      'page faults',
      cMain(
        'for (;;) { char *p = mmap(0, 1 << 20, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); memset(p, 1, 1 << 20); munmap(p, 1 << 20); }',
        { limits },
      ),
    ),
  ]);

  test('reading files for ever is a time limit and no memory limit', async () => {
    const run = onlyRun(
      await user.run(
        sh('while :; do cat /usr/lib/x86_64-linux-gnu/*.a /usr/bin/* > /dev/null; done', {
          limits: { ...limits, memoryBytes: 32 * MIB },
        }),
      ),
    );
    expect(['cpu_limit', 'wall_limit']).toContain(endingOf(run));
  });
});

describe('memory', () => {
  const limits = { memoryBytes: 64 * MIB };
  const EAT = 'for (;;) { char *p = malloc(1 << 20); if (p) memset(p, 1, 1 << 20); }';
  testPrograms(user, [
    {
      name: 'hog',
      plan: cMain(`write(1, "so far", 6); ${EAT}`, { limits }),
      ends: 'memory_limit',
      stdout: 'so far',
      facts: [(run) => run.usage.memoryBytes > 60 * MIB, true],
    },
    {
      name: 'hog in python',
      plan: python('a = []\nwhile True: a.append(bytearray(1 << 20))', { limits }),
      ends: 'memory_limit',
    },
    {
      name: 'half of the limit',
      plan: cMain('char *p = malloc(32 << 20); memset(p, 1, 32 << 20); puts("ok");', { limits }),
      ends: 'exited 0',
      stdout: 'ok\n',
    },
    {
      name: '2 GB reserved and not touched',
      plan: cMain('char *p = malloc(2ul << 30); if (!p) return 1; p[0] = p[1ul << 30] = 1; puts("ok");', { limits }),
      ends: 'exited 0',
      stdout: 'ok\n',
    },
    {
      name: 'a child eats it, main exits 0',
      plan: cMain(`if (fork() == 0) { ${EAT} } int s; wait(&s); printf("%d\\n", WTERMSIG(s));`, { limits }),
      ends: 'exited 0 +oom',
      stdout: '9\n',
    },
    {
      name: 'a child eats it, main exits 3',
      plan: cMain(`if (fork() == 0) { ${EAT} } wait(0); return 3;`, { limits }),
      ends: 'exited 3 +oom',
    },
    {
      name: 'many children eat it together',
      plan: cMain(
        'for (int i = 0; i < 16; i++) if (fork() == 0) { memset(malloc(8 << 20), 1, 8 << 20); pause(); } for (;;) pause();',
        { limits: { ...limits, wallTimeMs: 1500 } },
      ),
      ends: ['memory_limit', 'wall_limit +oom'],
    },
    {
      name: 'files in /tmp count as memory',
      plan: sh('head -c 30000000 /dev/zero > /tmp/a; exit 0', {
        limits: { memoryBytes: 16 * MIB, fileBytes: 64 * MIB },
      }),
      ends: ['memory_limit', 'exited 0 +oom'],
    },
    {
      name: 'nothing left for PID 1 but files',
      plan: cMain(
        'static char b[1 << 20]; char n[9]; for (int i = 0; ; i++) { sprintf(n, "f%d", i); int f = open(n, O_CREAT | O_WRONLY, 0600); if (write(f, b, sizeof b) < 0) pause(); }',
        { limits: { memoryBytes: 24 * MIB, wallTimeMs: 3000 } },
      ),
      ends: 'memory_limit',
    },
    {
      name: 'shared memory',
      plan: cMain('char *p = mmap(0, 1 << 30, 3, MAP_SHARED | MAP_ANONYMOUS, -1, 0); memset(p, 1, 1 << 30);', {
        limits,
      }),
      ends: 'memory_limit',
    },
    {
      name: 'memfd',
      plan: cMain(
        'static char b[1 << 20]; int f = memfd_create("x", 0); signal(SIGXFSZ, SIG_IGN); for (;;) { if (write(f, b, sizeof b) < 0) f = memfd_create("x", 0); }',
        { limits },
      ),
      ends: 'memory_limit',
    },
    {
      name: 'stdin that is kept',
      plan: python('import sys\na = []\nwhile True: a.append(sys.stdin.buffer.read(1 << 20) or bytes(1 << 20))', {
        limits,
        stdin: Buffer.alloc(2 * MIB),
      }),
      ends: 'memory_limit',
    },
  ]);

  test('the smallest place that starts a shell', async () => {
    const run = onlyRun(await user.run(sh('echo ok', { limits: { memoryBytes: 4 * MIB } })));
    expect([endingOf(run), stdoutOf(run)]).toEqual(['exited 0', 'ok\n']);
  });
});

describe('processes', () => {
  // Forks that fail cost the kernel memory that it gives back late: tens of MiB in a bomb, charged to the place.

  testPrograms(user, [
    {
      name: 'as many as allowed, main included',
      plan: cMain(
        'int n = 0; for (;;) { pid_t p = fork(); if (p == 0) pause(); if (p < 0) break; n++; } printf("%d %d\\n", n, errno == EAGAIN);',
        { limits: { processes: 8 } },
      ),
      ends: 'exited 0',
      stdout: '7 1\n',
    },
    {
      name: 'only one',
      plan: cMain('printf("%d\\n", fork() < 0 && errno == EAGAIN);', { limits: { processes: 1 } }),
      ends: 'exited 0',
      stdout: '1\n',
    },
    {
      name: 'threads count',
      plan: c(
        'void *f(void *p) { pause(); }\nint main() { pthread_t t; int n = 0; while (pthread_create(&t, 0, f, 0) == 0) n++; printf("%d\\n", n); fflush(stdout); _exit(0); }',
        { limits: { processes: 16 } },
      ),
      ends: 'exited 0',
      stdout: '15\n',
    },
    {
      name: 'fork bomb',
      plan: cMain('for (;;) fork();', {
        limits: { wallTimeMs: 1000, cpuTimeMs: 5000, processes: 64, memoryBytes: 512 * MIB },
      }),
      ends: 'wall_limit',
    },
    {
      name: 'fork bomb, signals ignored',
      plan: cMain(`${IGNORE_ALL} for (;;) { fork(); setsid(); }`, {
        limits: { wallTimeMs: 1000, cpuTimeMs: 5000, processes: 64, memoryBytes: 512 * MIB },
      }),
      ends: 'wall_limit',
    },
    {
      name: 'fork bomb of a shell',
      plan: sh('f() { f | f & }; f; sleep 9', {
        limits: { wallTimeMs: 1000, cpuTimeMs: 5000, memoryBytes: 512 * MIB },
      }),
      ends: ['wall_limit', 'exited 2'],
    },
    {
      name: 'fork bomb whose main exits',
      plan: cMain('if (fork() > 0) return 0; for (;;) fork();', { limits: { processes: 64, memoryBytes: 512 * MIB } }),
      ends: 'exited 0',
    },
    {
      name: 'zombies until the limit',
      plan: cMain(
        'int n = 0; while (n < 500) { pid_t p = fork(); if (p == 0) _exit(0); if (p < 0) break; n++; } printf("%d\\n", n);',
        { limits: { processes: 20 } },
      ),
      ends: 'exited 0',
      stdout: '19\n',
    },
  ]);

  test('usage tells the peak', async () => {
    const run = onlyRun(await user.run({ ...sh('sleep 0.1 & sleep 0.1 & sleep 0.1 & wait') }));
    expect(run.usage.processesPeak).toBe(here(DIFFERENCES.processesPeak));
  });
});

describe('what one process may have', () => {
  testPrograms(user, [
    {
      name: 'open files',
      plan: cMain('int n = 0; while (open("/dev/null", 0) >= 0) n++; printf("%d %d\\n", n, errno == EMFILE);', {
        limits: { openFiles: 20 },
      }),
      ends: 'exited 0',
      stdout: '17 1\n',
    },
    {
      name: 'a file of the maximum',
      plan: cMain('int f = open("f", O_CREAT | O_RDWR, 0600); printf("%d\\n", pwrite(f, "x", 1, (1 << 20) - 1));', {
        limits: { fileBytes: MIB },
      }),
      ends: 'exited 0',
      stdout: '1\n',
    },
    {
      name: 'a file above the maximum',
      plan: cMain('int f = open("f", O_CREAT | O_RDWR, 0600); pwrite(f, "x", 1, 1 << 20);', {
        limits: { fileBytes: MIB },
      }),
      ends: 'signalled SIGXFSZ',
    },
    {
      name: 'a sparse file of 8 TB',
      plan: cMain(
        'signal(SIGXFSZ, SIG_IGN); int f = open("f", O_CREAT | O_RDWR, 0600); int r = ftruncate(f, 8ll << 40); printf("%d %d\\n", r, errno == EFBIG);',
      ),
      ends: 'exited 0',
      stdout: '-1 1\n',
    },
    {
      name: 'stack within the limit',
      plan: c(
        'int f(int n) { volatile char b[1024]; b[0] = n; return n ? f(n - 1) + b[0] : 0; }\nint main() { f(6000); puts("ok"); }',
        { limits: { stackBytes: 8 * MIB } },
      ),
      ends: 'exited 0',
      stdout: 'ok\n',
    },
    {
      name: 'stack above the limit',
      plan: c(
        'int f(int n) { volatile char b[1024]; b[0] = n; return n ? f(n - 1) + b[0] : 0; }\nint main() { f(6000); puts("ok"); }',
        { limits: { stackBytes: MIB } },
      ),
      ends: 'signalled SIGSEGV',
    },
    {
      name: 'no core file',
      plan: sh("sh -c 'ulimit -c unlimited; kill -SEGV $$'; ls -A; ls -A /tmp"),
      ends: 'exited 0',
      stdout: '',
    },
    {
      name: 'F6: what is counted per user over the host',
      plan: python(
        'import resource as r\nprint([r.getrlimit(n) for n in (r.RLIMIT_CORE, r.RLIMIT_MEMLOCK, r.RLIMIT_MSGQUEUE, r.RLIMIT_SIGPENDING)])',
      ),
      ends: 'exited 0',
      stdout: /^\[\((0|1), \1\), \(65536, 65536\), \(0, 0\), \(256, 256\)\]\n$/,
    },
    {
      name: 'limits cannot be raised again',
      plan: sh('ulimit -n 65; ulimit -f 999999999; ulimit -c 1; exit 0', { limits: { openFiles: 64 } }),
      ends: 'exited 0',
      stderr: /^(.*error setting limit.*\n){3}$/,
    },
  ]);
});
