/** Messages that come twice, that are not sent, and that nobody ever took; and a job that cannot be stored. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Fate } from './support/aws-proxy.ts';
import { AwsWorld, pass, type RunningService } from './support/aws-world.ts';
import { sumOf } from './support/counters.ts';
import { conclude, inLanes, IS_FAST, program, ROUNDS } from './support/rounds.ts';

const LASTS_SEC = 0.3;
/** Jobs under way at a time. */
const WIDTH = 6;
/** Ten receives per message, and a sweep. */
const DEAD_WITHIN_MS = 120_000;

let world: AwsWorld;
let executors: RunningService[];

beforeAll(async () => {
  world = await AwsWorld.start();
  executors = await Promise.all([1, 2].map(() => world.startExecutor()));
});
afterEach(() => {
  world.gateway.hook = pass;
});
afterAll(() => (world as AwsWorld | undefined)?.[Symbol.asyncDispose]());

type Moment = (executionId: string) => Promise<void>;
const untilFinal = async (executionId: string): Promise<void> => {
  await world.client.untilFinal(await world.client.status(executionId));
};
const MOMENTS: readonly { when: string; moment: Moment }[] = [
  { when: 'at once', moment: async () => undefined },
  { when: 'later', moment: () => sleep(Math.random() * 1000 * LASTS_SEC) },
  { when: 'after success', moment: (executionId) => untilFinal(executionId).then(() => sleep(Math.random() * 50)) },
];

test.each(MOMENTS)('the same message twice, $when', async ({ when, moment }) => {
  const notOursBefore = await sumOf(executors, 'not_ours');
  const expected = await inLanes(ROUNDS, WIDTH, async (round) => {
    const job = await world.submit(program('bash', round, LASTS_SEC));
    await moment(job.executionId);
    await world.sendAgain(job.executionId);
    await untilFinal(job.executionId);
    return { job, stdout: `${round}\n` };
  });
  const report = await conclude(world, `message twice, ${when}`, { planted: ROUNDS, expected });
  expect(report.reRuns).toBe(0);
  // One of the two messages of each job at least found it taken or final.
  expect((await sumOf(executors, 'not_ours')) - notOursBefore).toBeGreaterThanOrEqual(ROUNDS);
});

const SEND_FATES: readonly { how: string; phase: 'before' | 'after'; fate: Fate; isSent: boolean }[] = [
  { how: 'not reached', phase: 'before', fate: 'cut', isSent: false },
  { how: 'answer lost', phase: 'after', fate: 'cut', isSent: true },
  { how: 'refused with 500', phase: 'before', fate: { status: 500, code: 'InternalFailure' }, isSent: false },
];

test.each(SEND_FATES.slice(0, IS_FAST ? 1 : SEND_FATES.length))('the queue: $how, when a job is sent', async (send) => {
  const { how, phase, fate, isSent } = send;
  const resentBefore = await sumOf([world.sweeper], 'resent');
  world.gateway.hook = (call) => (call.operation === 'SendMessage' && call.phase === phase ? fate : 'pass');
  // Accepted all the same: submit throws at anything but 202.
  const expected = await inLanes(ROUNDS, WIDTH, async (round) => {
    await sleep(Math.random() * 200);
    return { job: await world.submit(program('bash', round, 0)), stdout: `${round}\n` };
  });
  world.gateway.hook = pass;
  const report = await conclude(world, `send: ${how}`, { planted: ROUNDS, expected });
  expect(report.reRuns).toBe(0);
  const resent = (await sumOf([world.sweeper], 'resent')) - resentBefore;
  expect(resent).toBeGreaterThanOrEqual(isSent ? 0 : ROUNDS);
});

test.skipIf(IS_FAST)('messages whose receivers all died before a claim', async () => {
  const resentBefore = await sumOf([world.sweeper], 'dead_letters_resent');
  await Promise.all(executors.map(({ process }) => process.end('SIGTERM')));
  const expected = await inLanes(ROUNDS, WIDTH, async (round) => ({
    job: await world.submit(program('bash', round, 0)),
    stdout: `${round}\n`,
  }));
  let resent = 0;
  for (const untilMs = performance.now() + DEAD_WITHIN_MS; resent < ROUNDS && performance.now() < untilMs;) {
    if ((await world.receiveAndForget()) > 0) continue;
    await sleep(100);
    resent = (await sumOf([world.sweeper], 'dead_letters_resent')) - resentBefore;
  }
  executors = await Promise.all([1, 2].map(() => world.startExecutor()));
  await conclude(world, 'dead letters: all receivers died', { planted: ROUNDS, expected });
  expect(resent).toBeGreaterThanOrEqual(ROUNDS);
});

test('a job that the table finds too large is refused, and nothing of it stays', async () => {
  const message = 'Item size has exceeded the maximum allowed size';
  world.gateway.hook = ({ operation, phase }) =>
    operation === 'PutItem' && phase === 'before' ? { status: 400, code: 'ValidationException', message } : 'pass';
  await expect(world.submit('echo 1')).rejects.toThrow(/413.*body_too_large/s);
  expect(await world.messagesLeft()).toEqual({ queue: 0, dead: 0 });
});
