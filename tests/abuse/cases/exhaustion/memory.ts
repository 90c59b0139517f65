import type { AbuseCase } from '../../case.ts';
import { bash, c, cMain, MIB, python, submission } from '../../programs.ts';

const EAT = 'for (;;) { char *p = malloc(1 << 20); if (p) TOUCH(p, 1 << 20); }';
const ROOM = { memoryBytes: 256 * MIB, wallTimeMs: 20_000 };

const JAVA_RECURSION = `public class Main {
  static int f(int n) { return f(n + 1) + 1; }
  public static void main(String[] args) { System.out.println(f(0)); }
}`;

export const MEMORY_CASES: readonly AbuseCase[] = [
  {
    id: 'R4',
    title: 'touch 1 MiB blocks for ever, in C and in Python',
    tags: ['fast', 'full'],
    expected: 'the memory limit, long before any time limit',
    acts: [
      {
        name: 'C',
        job: cMain(`write(1, "so far", 6); ${EAT}`, { limits: ROOM }),
        expect: {
          verdicts: ['memory_limit'],
          step: 'run',
          stdout: 'so far',
          memoryBytes: { min: 200 * MIB, max: 260 * MIB },
          killWithinMs: 10_000,
        },
      },
      {
        name: 'Python',
        job: python('a = []\nwhile True: a.append(bytearray(b"x" * (1 << 20)))', { limits: ROOM }),
        expect: { verdicts: ['memory_limit'], step: 'run', killWithinMs: 10_000 },
      },
    ],
  },
  {
    id: 'R5',
    title: 'reserve 2 GiB and touch two pages',
    tags: ['fast', 'full'],
    expected: 'fine: only what is touched counts',
    acts: [
      {
        job: cMain(
          'volatile char *p = mmap(0, 2ul << 30, 3, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0); if (p == MAP_FAILED) return 1; p[0] = p[1ul << 30] = 1; puts("ok");',
        ),
        expect: { verdicts: ['ok'], stdout: 'ok\n', memoryBytes: { max: 32 * MIB } },
      },
    ],
  },
  {
    id: 'R6',
    title: 'a child eats the memory, its parent exits with 0',
    tags: ['full'],
    expected: 'ok, with the remark that something was killed for memory',
    acts: [
      {
        job: cMain(`if (fork() == 0) { ${EAT} } int s; wait(&s); printf("%d\\n", WTERMSIG(s));`, { limits: ROOM }),
        expect: { verdicts: ['ok'], stdout: '9\n', oomInChild: true },
      },
    ],
  },
  {
    id: 'R15',
    title: 'recursion without end, in C, Python and Java',
    tags: ['full'],
    expected: "SIGSEGV, or the language's own error; no core file",
    acts: [
      {
        name: 'C',
        job: c(
          'int f(volatile int n) { volatile char b[512]; b[0] = n; return f(n + 1) + b[0]; }\nint main() { return f(0); }',
        ),
        expect: { verdicts: ['signalled'], signal: 'SIGSEGV' },
      },
      {
        name: 'C, looking for the core of a child',
        job: c(
          `int f(volatile int n) { volatile char b[512]; b[0] = n; return f(n + 1) + b[0]; }
int main() {
  struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
  printf("%d ", setrlimit(RLIMIT_CORE, &all));
  fflush(stdout);
  int status;
  if (fork() == 0) { prctl(PR_SET_DUMPABLE, 1); return f(0); }
  wait(&status);
  printf("%d %d\\n", WTERMSIG(status), WCOREDUMP(status) != 0);
  fflush(stdout);
  return system("ls -A /box /tmp | grep -i core; exit 0");
}`,
        ),
        expect: { verdicts: ['ok'], stdout: '-1 11 0\n' },
      },
      {
        name: 'Python',
        job: python('def f(): return f()\nf()'),
        expect: { verdicts: ['runtime_error'], exitCode: 1, stderr: /RecursionError/ },
      },
      {
        name: 'Java',
        job: submission('java', JAVA_RECURSION, { limits: { wallTimeMs: 20_000 } }),
        expect: { verdicts: ['runtime_error'], exitCode: 1, stderr: /StackOverflowError/ },
      },
    ],
  },
  {
    id: 'R17',
    title: 'read all of /usr again and again with little memory',
    tags: ['full'],
    expected: "a time limit; the kernel's cache of files is no memory limit",
    acts: [
      {
        job: bash('while :; do find /usr -xdev -type f -size -4096k -exec cat {} + > /dev/null; done', {
          limits: { memoryBytes: 48 * MIB },
        }),
        expect: { verdicts: ['wall_time_limit', 'time_limit'], step: 'run', killWithinMs: 3000 },
      },
    ],
  },
  {
    id: 'R18',
    title: 'go through 240 of 256 MiB for ever',
    tags: ['full'],
    expected: 'a time limit, killed soon after it',
    acts: [
      {
        job: cMain('char *p = malloc(240ul << 20); for (;;) TOUCH(p, 240ul << 20);', {
          limits: { memoryBytes: 256 * MIB, wallTimeMs: 3000 },
        }),
        expect: { verdicts: ['wall_time_limit', 'time_limit'], step: 'run', killWithinMs: 3000 },
      },
    ],
  },
];
