import type { AbuseCase, Check, SeenJob } from '../../case.ts';
import { cMain, MIB } from '../../programs.ts';

const CAP = 4 * MIB;
const LIMITS = { outputBytes: CAP, wallTimeMs: 20_000, cpuTimeMs: 20_000 };
/** Of CPU time, for all that the server does meanwhile, the canary's requests included. */
const MOST_SERVER_CPU_MS = 5000;
/** `GET /health/live` while it runs: an event loop that is held up for seconds is the fault that this looks for. */
const MOST_LAG_MS = 2000;

const OVER = { verdicts: ['output_limit'], step: 'run', truncated: true, outputBytes: { min: CAP, max: CAP } } as const;

const isCheap: Check = ({ before, after, canary, note }) => {
  const cpuMs = after.serverCpuMs - before.serverCpuMs;
  note(`server: ${cpuMs} ms of CPU time; liveness p95 ${canary.liveP95Ms} ms`);
  return [
    ...(cpuMs <= MOST_SERVER_CPU_MS ? [] : [`the server needed ${cpuMs} ms of CPU time`]),
    ...(canary.liveP95Ms <= MOST_LAG_MS ? [] : [`/health/live took ${canary.liveP95Ms} ms`]),
  ];
};

export const OUTPUT_FLOOD_CASES: readonly AbuseCase[] = [
  {
    id: 'R12',
    title: 'print for ever in writes of 64 KiB',
    tags: ['fast', 'full'],
    expected: 'the output limit, the first 4 MiB exactly, little work for the server',
    acts: [
      {
        job: cMain("static char b[65536]; memset(b, 'x', sizeof b); for (;;) write(1, b, sizeof b);", {
          limits: LIMITS,
        }),
        expect: {
          ...OVER,
          killWithinMs: 10_000,
          faults: ({ stdout }: SeenJob) => (stdout.length === CAP ? [] : [`kept ${stdout.length}`]),
        },
      },
    ],
    checks: [isCheap],
  },
  {
    id: 'R13',
    title: '10 million writes of one byte',
    tags: ['full'],
    expected: 'the output limit or a time limit, at no price per write for the server',
    acts: [
      {
        job: cMain('for (int i = 0; i < 10000000; i++) write(1, "x", 1);', { limits: LIMITS }),
        expect: { verdicts: ['output_limit', 'time_limit', 'wall_time_limit'], step: 'run' },
      },
    ],
    checks: [isCheap],
  },
  {
    id: 'R14',
    title: 'flood both streams in turn; flood stderr alone',
    tags: ['full'],
    expected: 'the output limit over both together',
    acts: [
      {
        name: 'in turn',
        job: cMain(
          "static char b[4096]; memset(b, 'y', sizeof b); for (int i = 1;; i = 3 - i) write(i, b, sizeof b);",
          {
            limits: LIMITS,
          },
        ),
        expect: {
          ...OVER,
          faults: ({ stdout, stderr }: SeenJob) =>
            stdout.length + stderr.length === CAP ? [] : [`kept ${stdout.length} and ${stderr.length}`],
        },
      },
      {
        name: 'stderr alone',
        job: cMain("static char b[4096]; memset(b, 'z', sizeof b); for (;;) write(2, b, sizeof b);", {
          limits: LIMITS,
        }),
        expect: { ...OVER, stdout: '' },
      },
    ],
    checks: [isCheap],
  },
];
