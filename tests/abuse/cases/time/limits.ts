import type { AbuseCase, SeenJob, World } from '../../case.ts';
import type { Submission, WireJob } from '../../../support/client.ts';
import { KIB, submission } from '../../programs.ts';

const ROUNDS = 100;
/** For all rounds of one act; a loaded machine makes fewer of them. */
const ACT_MS = 45_000;
const AT_ONCE = 2;
const WALL_MS = 300;
const CPU_MS = 200;
/** What the death of the main process itself takes is counted after the verdict. */
const DEATH_CPU_MS = 10;

/** Runs all, two at a time; what each of them shows that is wrong. */
async function runAll(
  world: World,
  submissions: readonly Submission[],
  faultsOf: (seen: SeenJob) => readonly string[],
): Promise<readonly string[]> {
  const faults: string[] = [];
  const verdicts: (string | null)[] = [];
  let longestOkMs = 0;
  const waiting = [...submissions];
  const untilMs = performance.now() + ACT_MS;
  const client = async (): Promise<void> => {
    for (let next = waiting.pop(); next !== undefined && performance.now() < untilMs; next = waiting.pop()) {
      const seen = await world.run(next);
      verdicts.push(seen.job.verdict);
      if (seen.job.verdict === 'ok') longestOkMs = Math.max(longestOkMs, seen.job.wallTimeMs ?? 0);
      faults.push(...faultsOf(seen));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, client));
  const counts = [...Map.groupBy(verdicts, (verdict) => verdict)];
  world.note(
    counts.map(([verdict, all]) => `${all.length} × ${verdict}`).join(', ') + `; longest ok ${longestOkMs} ms`,
  );
  return faults;
}

/** Sleeps until so many milliseconds after its start, as the sandbox counts it, prints and ends. */
const endsAt = (ms: number): Submission =>
  submission('perl', `use Time::HiRes "sleep"; sleep(${ms / 1000}); syswrite(STDOUT, "end");`, {
    limits: { wallTimeMs: WALL_MS, cpuTimeMs: 3000 },
  });

/**
 * Ended or killed: text, exit code, error, verdict and time tell the same story. Never over the limit and ok, never below it and
 * killed, however late PID 1 was. Times are rounded to the millisecond.
 */
function oneStory({ job, stdout }: SeenJob): readonly string[] {
  const told = `${job.verdict}, exit ${job.exitCode}, signal ${job.signal}, ${job.wallTimeMs} ms, ${JSON.stringify(String(stdout))}, attempt ${job.attempt}`;
  const wallMs = job.wallTimeMs ?? NaN;
  const isEnded =
    job.verdict === 'ok' && job.exitCode === 0 && String(stdout) === 'end' && job.error === null && wallMs <= WALL_MS;
  const isKilled =
    job.verdict === 'wall_time_limit' && job.exitCode === null && job.signal === null && wallMs >= WALL_MS;
  return (isEnded || isKilled) && job.attempt === 1 ? [] : [told];
}

/** Ends by itself in the very moment in which it is over its limit. */
const OVER_AND_OUT: Readonly<Record<string, { readonly job: Submission; readonly verdicts: readonly string[] }>> = {
  'one byte too many, then the end': {
    job: submission('perl', `syswrite(STDOUT, "x" x ${KIB + 1});`, {
      limits: { outputBytes: KIB },
    }),
    verdicts: ['output_limit'],
  },
  'CPU time to the limit, then the end': {
    job: submission('perl', 'my $t; do { $t = (times)[0] + (times)[1] } while ($t < 0.20);', {
      limits: { cpuTimeMs: CPU_MS, wallTimeMs: 30_000 },
    }),
    verdicts: ['ok', 'time_limit'],
  },
  'killed by itself at the wall limit': {
    job: submission('perl', 'use Time::HiRes "sleep"; sleep(0.29); kill 9, $$;', {
      limits: { wallTimeMs: WALL_MS, cpuTimeMs: 3000 },
    }),
    verdicts: ['signalled', 'wall_time_limit'],
  },
};

const SLEEPERS = 100;

export const LIMIT_CASES: readonly AbuseCase[] = [
  {
    id: 'T5',
    title: `ends ten milliseconds before the limit, at it, after it, ${ROUNDS} times each`,
    tags: ['full'],
    expected:
      'ended or killed, never both, never over the limit and ok: verdict, exit code, text and time tell one story',
    acts: [WALL_MS - 40, WALL_MS - 10, WALL_MS, WALL_MS + 10].map((ms) => ({
      name: `${ms} of ${WALL_MS} ms`,
      script: (world: World) =>
        runAll(
          world,
          Array.from({ length: ROUNDS }, () => endsAt(ms)),
          oneStory,
        ),
    })),
  },
  {
    id: 'T6',
    title: 'ends while the kill is under way',
    tags: ['full'],
    expected: 'one verdict, no error, one attempt, never over the limit and ok',
    acts: Object.entries(OVER_AND_OUT).map(([name, { job, verdicts }]) => ({
      name,
      script: (world: World) =>
        runAll(
          world,
          Array.from({ length: ROUNDS / 2 }, () => job),
          ({ job: { verdict, attempt, error, cpuTimeMs } }) =>
            verdicts.includes(verdict ?? '') &&
            attempt === 1 &&
            !(verdict === 'ok' && (cpuTimeMs ?? 0) > CPU_MS + DEATH_CPU_MS)
              ? []
              : [`${verdict}, ${cpuTimeMs} ms of CPU, attempt ${attempt}: ${error}`],
        ),
    })),
  },
  {
    id: 'T9',
    title: `${SLEEPERS} jobs of one user that sleep at no CPU time to hold the slots`,
    tags: ['full'],
    expected:
      'there are no users to cap: all are accepted, wait their turn and end well; the others wait with them, and are right',
    acts: [
      {
        script: async (world) => {
          const sleeper = submission('bash', 'sleep 0.3; echo slept');
          const startMs = performance.now();
          const jobs: WireJob[] = [];
          // A few at a time: the connections are the client's own, and are not what is tested.
          while (jobs.length < SLEEPERS) {
            jobs.push(...(await Promise.all(Array.from({ length: 5 }, () => world.submit(sleeper)))));
          }
          world.note(`${SLEEPERS} accepted in ${Math.round(performance.now() - startMs)} ms`);
          const faults: string[] = [];
          for (const job of jobs) {
            const seen = await world.finish(job, sleeper);
            faults.push(...world.compare(seen, { verdicts: ['ok'], stdout: 'slept\n' }));
          }
          world.note(`done after ${Math.round(performance.now() - startMs)} ms`);
          return faults;
        },
      },
    ],
  },
];
