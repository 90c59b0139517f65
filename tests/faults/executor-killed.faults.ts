/**
 * kill -9 of an executor at each point of a job's way. Every round starts an executor that is killed when its own job gets there;
 * the jobs of earlier rounds are finished by later executors, so that nobody waits for a lease. One slot each: what an executor has
 * begun before its own job it has ended before.
 */
import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AwsWorld, LANGUAGES, type LaneLanguage, type WorldHook } from './support/aws-world.ts';
import { sumOf } from './support/counters.ts';
import type { JobPoint } from './support/job-log.ts';
import { conclude, inLanes, program, ROUNDS, IS_FAST } from './support/rounds.ts';

const GROUPS = '/sys/fs/cgroup/memory/runyard';
/** Jitter of the kill after the point was seen. */
const JITTER_MS = 8;
const LASTS_SEC = 0.2;

let world: AwsWorld;

beforeAll(async () => {
  world = await AwsWorld.start();
});
afterAll(() => (world as AwsWorld | undefined)?.[Symbol.asyncDispose]());

interface Point {
  readonly name: string;
  readonly after: JobPoint;
  /** More to wait for, once the call has been answered. */
  readonly also?: () => Promise<void>;
}

const FAST_POINTS: readonly Point[] = [
  { name: 'first output', after: 'claimed', also: () => untilSandbox().then(() => sleep(60)) },
  { name: 'settled', after: 'settled' },
];
const POINTS: readonly Point[] = [
  { name: 'receive', after: 'received' },
  { name: 'claim', after: 'claimed' },
  { name: 'container start', after: 'claimed', also: untilSandbox },
  { name: 'output stored', after: 'stored' },
  { name: 'message deleted', after: 'deleted' },
];

function places(): number {
  return readdirSync(GROUPS).filter((name) => name.includes('.')).length;
}

/** A control group more than before: a place is being made. */
async function untilSandbox(): Promise<void> {
  for (const before = places(), untilMs = performance.now() + 2000; performance.now() < untilMs;) {
    if (places() !== before) return;
    await sleep(1);
  }
}

test.each(FAST_POINTS)('kill after: $name', killRounds);
test.skipIf(IS_FAST).each(POINTS)('kill after: $name', killRounds);

async function killRounds({ name, after, also }: Point): Promise<void> {
  const expected = await inLanes(ROUNDS, LANGUAGES.length, async (round) => {
    const language = LANGUAGES[round % LANGUAGES.length] ?? 'bash';
    const job = await world.submit(program(language, round, LASTS_SEC), language);
    await killAt({ executionId: job.executionId, language }, after, also);
    return { job, stdout: `${round}\n` };
  });
  const last = await Promise.all(LANGUAGES.map((language) => world.startExecutor({ slots: 4, language })));
  try {
    const report = await conclude(world, `executor: kill -9 after ${name}`, { planted: ROUNDS, expected });
    // What a kill cut off before its end was done again, and nothing else was.
    const isDone = after === 'settled' || after === 'deleted';
    expect(report.reRuns).toBeLessThanOrEqual(isDone ? ROUNDS / 10 : 1.5 * ROUNDS);
    expect(await sumOf(last, 'delivery_errors')).toBe(0);
  } finally {
    await Promise.all(last.map(({ process }) => process.end('SIGTERM')));
  }
}

/** Starts an executor and kills it when the job gets to the point. It may finish others' jobs before. */
async function killAt(
  { executionId, language }: { executionId: string; language: LaneLanguage },
  after: JobPoint,
  also: Point['also'],
): Promise<void> {
  const reached = Promise.withResolvers<void>();
  const hook: WorldHook = (_call, seen) => {
    if (seen?.point === after && seen.executionIds.includes(executionId)) reached.resolve();
    return 'pass';
  };
  const { process } = await world.startExecutor({ hook, slots: 1, language });
  try {
    await Promise.race([
      reached.promise,
      process.exited.then(() => Promise.reject(new Error(`the executor ended:\n${process.said}`))),
    ]);
    await also?.();
    await sleep(Math.random() * JITTER_MS);
  } finally {
    await process.end('SIGKILL');
  }
}
