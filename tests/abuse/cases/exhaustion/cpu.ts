import { readFile } from 'node:fs/promises';
import type { AbuseCase, World } from '../../case.ts';
import { c, cMain } from '../../programs.ts';

const BUSY_THREADS = c(
  'void *f(void *p) { for (volatile long i = 0;; i++); return 0; }\nint main() { pthread_t t; for (int i = 0; i < 7; i++) pthread_create(&t, 0, f, 0); f(0); }',
  { limits: { cpuTimeMs: 2000, wallTimeMs: 60_000 } },
);
/** Some 0.4 s of CPU time, in registers. */
const WORK = cMain(
  'unsigned x = 1; for (int i = 0; i < 400000000; i++) { x ^= x << 13; x ^= x >> 17; x ^= x << 5; } printf("%u\\n", x);',
  {
    limits: { cpuTimeMs: 20_000, wallTimeMs: 60_000 },
  },
);
/** The promise is 3 %, for a host of its own; here other work shares caches and cores. */
const MOST_SLOWDOWN = 2;

/** CPU time of a neighbour's job beside eight busy threads, against the same alone: the least of three each. */
async function compareNeighbour({ run, submit, finish, compare, note }: World): Promise<readonly string[]> {
  const alone = [await run(WORK), await run(WORK), await run(WORK)];
  const hogged = await submit(BUSY_THREADS);
  const beside = [await run(WORK)];
  const hog = await finish(hogged, BUSY_THREADS);
  const least = (jobs: typeof alone): number => Math.min(...jobs.map(({ job }) => job.cpuTimeMs ?? Infinity));
  const ratio = least(beside) / least(alone);
  note(`CPU time of the neighbour ${least(alone)} ms alone, ${least(beside)} ms beside it (× ${ratio.toFixed(2)})`);
  note(`eight busy threads ended at ${hog.job.cpuTimeMs} ms of CPU time, limit 2000 ms`);
  return [
    ...compare(hog, { verdicts: ['time_limit'], step: 'run', cpuTimeMs: { min: 2000 }, killWithinMs: 1000 }),
    ...[...alone, ...beside].flatMap((job) => compare(job, { verdicts: ['ok'], stdout: /^\d+\n$/ })),
    ...(ratio < MOST_SLOWDOWN ? [] : [`the neighbour needed ${ratio} times the CPU time`]),
  ];
}

const PRIORITY = `#define SAY(name, call) printf(name " %s\\n", (call) == 0 ? "ok" : errno == EPERM ? "EPERM" : errno == EACCES ? "EACCES" : errno == EINVAL ? "EINVAL" : strerror(errno))
int main() {
  struct sched_param one = {.sched_priority = 1}, zero = {0};
  cpu_set_t mine, all;
  SAY("nice -5", setpriority(PRIO_PROCESS, 0, -5));
  SAY("fifo", sched_setscheduler(0, SCHED_FIFO, &one));
  SAY("round robin", sched_setscheduler(0, SCHED_RR, &one));
  struct { uint32_t size, policy; uint64_t flags; int32_t nice; uint32_t priority; uint64_t runtime, deadline, period; } deadline = {48, 6, 0, 0, 0, 10000000, 30000000, 30000000};
  SAY("deadline", syscall(SYS_sched_setattr, 0, &deadline, 0));
  SAY("real-time I/O", syscall(SYS_ioprio_set, 1, 0, 1 << 13));
  SAY("affinity of PID 1", sched_setaffinity(1, sizeof mine, (sched_getaffinity(0, sizeof mine, &mine), &mine)));
  CPU_ZERO(&all);
  for (int i = 0; i < 1024; i++) CPU_SET(i, &all);
  sched_setaffinity(0, sizeof all, &all);
  sched_getaffinity(0, sizeof all, &all);
  printf("affinity wider than given: %d\\n", CPU_COUNT(&all) > CPU_COUNT(&mine));
  int score = open("/proc/self/oom_score_adj", O_RDWR);
  SAY("oom score -1", write(score, "-1", 2) == 2 ? 0 : -1);
  char text[16] = "";
  write(score, "0", 1);
  pread(score, text, 15, 0);
  fprintf(stderr, "oom score is now %s", text);
}`;

const DENIED = '(EPERM|EACCES|EINVAL)';

/** CAP_SYS_RESOURCE, without which nobody gets a score below the one it was started with. */
const SYS_RESOURCE = 1n << 24n;

/**
 * A program may lower its own score down to 0 (seen), so what must survive it on a host without memory needs a value below. A
 * server whose starter could not give it one cannot have one.
 */
async function scoreOfServer({ serverPid, note }: World): Promise<readonly string[]> {
  const score = Number(await readFile(`/proc/${serverPid}/oom_score_adj`, 'utf8'));
  const capabilities = /^CapEff:\s*(\w+)/m.exec(await readFile('/proc/self/status', 'utf8'))?.[1] ?? '0';
  const mayLower = (BigInt(`0x${capabilities}`) & SYS_RESOURCE) !== 0n;
  note(
    `oom_score_adj of the server: ${score}${mayLower ? '' : ' (root has no CAP_SYS_RESOURCE here, so it cannot be lower)'}`,
  );
  return score < 0 || !mayLower ? [] : [`the server's oom_score_adj is ${score}, no better than a program's`];
}

export const CPU_CASES: readonly AbuseCase[] = [
  {
    id: 'R10',
    title: '8 busy threads, and a neighbour that computes',
    tags: ['full'],
    expected: "the CPU limit, summed over threads; the neighbour's CPU time stays",
    acts: [{ script: compareNeighbour }],
  },
  {
    id: 'R20',
    title: "own priority, another's CPU, real-time classes, own oom score",
    tags: ['fast', 'full'],
    expected: 'refused, or confined to what the place was given',
    acts: [
      {
        job: c(PRIORITY),
        expect: {
          verdicts: ['ok'],
          stdout: new RegExp(
            `^nice -5 ${DENIED}\\nfifo ${DENIED}\\nround robin ${DENIED}\\ndeadline ${DENIED}\\nreal-time I/O ${DENIED}\\naffinity of PID 1 ${DENIED}\\naffinity wider than given: 0\\noom score -1 ${DENIED}\\n$`,
          ),
        },
      },
      { script: scoreOfServer },
    ],
  },
];
