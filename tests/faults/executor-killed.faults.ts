/**
 * kill -9 of an executor at each point of a job's way. Every round starts an executor that is killed when its own job gets there;
 * the jobs of earlier rounds are finished by later executors, so that nobody waits for a lease.
 */
import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Hook } from './support/aws-proxy.ts';
import { AwsWorld, LEASE_SEC } from './support/aws-world.ts';
import type { JobPoint } from './support/job-log.ts';
import { concludeRounds, type ExpectedJob, ROUNDS } from './support/rounds.ts';

const GROUPS = '/sys/fs/cgroup/memory/runyard';
/** Jitter of the kill after the point was seen. */
const JITTER_MS = 8;

let world: AwsWorld;

beforeAll(async () => {
  world = await AwsWorld.start();
});
afterAll(() => world?.[Symbol.asyncDispose]());

interface Point {
  readonly name: string;
  readonly after: JobPoint;
  /** More to wait for, once the call has been answered. */
  readonly also?: () => Promise<void>;
}

const POINTS: readonly Point[] = [
  { name: 'receive', after: 'received' },
  { name: 'claim', after: 'claimed' },
  { name: 'container start', after: 'claimed', also: untilSandbox },
  { name: 'first output', after: 'claimed', also: () => untilSandbox().then(() => sleep(60)) },
  { name: 'output stored', after: 'stored' },
  { name: 'settled', after: 'settled' },
  { name: 'message deleted', after: 'deleted' },
];

/** Prints at once and goes on for a moment: killed in between, its output is on the way. */
const program = (round: number) => `echo ${round}; sleep 0.2`;

async function untilSandbox(): Promise<void> {
  const count = () => readdirSync(GROUPS).filter((name) => name.includes('.')).length;
  for (const before = count(), untilMs = performance.now() + 2000; performance.now() < untilMs;) {
    if (count() !== before) return;
    await sleep(1);
  }
}

test.each(POINTS)(`${ROUNDS} kills after: $name`, async ({ name, after, also }) => {
  const expected: ExpectedJob[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const job = await world.submit(program(round));
    expected.push({ job, stdout: `${round}\n` });
    await killAt(job.executionId, after, also);
  }
  await using last = (await world.startExecutor({ slots: 4 })).process;
  const report = await concludeRounds(world, `kill -9 after ${name}`, { planted: ROUNDS, expected });
  expect(report).toMatchObject({ jobs: ROUNDS, lost: 0, double: 0, internalErrors: 0 });
  await expect.poll(() => world.messagesLeft(), { timeout: 4000 * LEASE_SEC }).toEqual({ queue: 0, dead: 0 });
  await world.expectNoSandboxes(10_000);
  expect(last.said).not.toContain('"level":"fatal"');
});

/** Starts an executor and kills it when the job gets to the point. It may finish others' jobs before. */
async function killAt(executionId: string, after: JobPoint, also: Point['also']): Promise<void> {
  const reached = Promise.withResolvers<void>();
  const hook: Hook = (call) => {
    if (call.phase === 'before') return 'pass';
    const seen = world.log.pointOf(call);
    if (seen?.point === after && seen.executionIds.includes(executionId)) reached.resolve();
    return 'pass';
  };
  const { process } = await world.startExecutor({ hook });
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
