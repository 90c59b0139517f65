/** SIGTERM in the middle of jobs and under load, as at every deployment of a new version. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AwsWorld, LANGUAGES, pass } from './support/aws-world.ts';
import { Load } from './support/load.ts';
import { conclude, inLanes, program, ROUNDS, IS_FAST } from './support/rounds.ts';

const EVERY_MS = 250;
/** The signal comes within this time after the start. */
const LIFE_MS = 600;

let world: AwsWorld;

beforeAll(async () => {
  world = await AwsWorld.start();
});
afterAll(() => (world as AwsWorld | undefined)?.[Symbol.asyncDispose]());

test.skipIf(IS_FAST)('executors', async () => {
  const loads = LANGUAGES.map((language) => new Load(world, { everyMs: EVERY_MS, language }));
  // Some jobs outlast the grace and are given back to the next executor.
  const long = await inLanes(ROUNDS, LANGUAGES.length, async (round) => {
    const language = LANGUAGES[round % LANGUAGES.length] ?? 'bash';
    const job = await world.submitSurely(program(language, round, 1.5), language);
    const { process } = await world.startExecutor({ language, drainSec: round % 3 });
    await sleep(Math.random() * LIFE_MS);
    expect(await process.end('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(process.said).not.toContain('"level":"error"');
    return { job, stdout: `${round}\n` };
  });
  const last = await Promise.all(LANGUAGES.map((language) => world.startExecutor({ slots: 4, language })));
  const expected = [...long, ...(await Promise.all(loads.map((load) => load.stop()))).flat()];
  try {
    await conclude(world, 'executor: SIGTERM mid-job', { planted: ROUNDS, expected });
  } finally {
    await Promise.all(last.map(({ process }) => process.end('SIGTERM')));
  }
});

test.skipIf(IS_FAST)('gateways', async () => {
  const executors = await Promise.all(LANGUAGES.map((language) => world.startExecutor({ slots: 2, language })));
  const loads = LANGUAGES.map((language) => new Load(world, { everyMs: EVERY_MS, language }));
  for (let round = 0; round < ROUNDS; round += 1) {
    await sleep(Math.random() * LIFE_MS);
    const { process } = world.gateway;
    // The next one is there first, as with every rolling change; what the old one has begun it ends.
    await world.startGateway();
    expect(await process.end('SIGTERM')).toEqual({ code: 0, signal: null });
  }
  const expected = (await Promise.all(loads.map((load) => load.stop()))).flat();
  const report = await conclude(world, 'gateway: SIGTERM under load', { planted: ROUNDS, expected });
  expect(report.reRuns).toBe(0);
  await Promise.all(executors.map(({ process }) => process.end('SIGTERM')));
});

test.skipIf(IS_FAST)('sweepers that have work', async () => {
  const executors = await Promise.all(LANGUAGES.map((language) => world.startExecutor({ slots: 2, language })));
  // No message is sent by the gateway: every job needs the sweeper.
  world.gateway.hook = ({ operation }) => (operation === 'SendMessage' ? 'cut' : 'pass');
  const loads = LANGUAGES.map((language) => new Load(world, { everyMs: 4 * EVERY_MS, language }));
  for (let round = 0; round < ROUNDS; round += 1) {
    const { process } = world.sweeper;
    await world.startSweeper();
    await sleep(Math.random() * LIFE_MS);
    expect(await process.end('SIGTERM')).toEqual({ code: 0, signal: null });
  }
  const expected = (await Promise.all(loads.map((load) => load.stop()))).flat();
  world.gateway.hook = pass;
  const report = await conclude(world, 'sweeper: SIGTERM in its work', { planted: ROUNDS, expected });
  expect(report.reRuns).toBe(0);
  await Promise.all(executors.map(({ process }) => process.end('SIGTERM')));
});
