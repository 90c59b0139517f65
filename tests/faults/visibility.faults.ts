/** Visibility that ends while a job runs, executors cut off from everything, and ends of jobs that come too late. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Fate } from './support/aws-proxy.ts';
import { AwsWorld, pass, type RunningService, type WorldHook } from './support/aws-world.ts';
import { sumOf } from './support/counters.ts';
import { conclude, type ExpectedJob, program, ROUNDS, IS_FAST } from './support/rounds.ts';

const LEASE_SEC = 3;
/** Longer than a visibility and a lease. */
const LASTS_SEC = 5;
/** For a result that is there before its lease is over. */
const SHORT_SEC = 2;
const SLOTS = 10;

let world: AwsWorld;
/** The one that the fault is for, and the one that helps out. */
let cut: RunningService;
let sound: RunningService;

beforeAll(async () => {
  world = await AwsWorld.start({ leaseSec: LEASE_SEC });
  [cut, sound] = await Promise.all([world.startExecutor({ slots: SLOTS }), world.startExecutor({ slots: SLOTS })]);
});
afterAll(() => (world as AwsWorld | undefined)?.[Symbol.asyncDispose]());

/** Receives of the sound executor wait until it may have jobs. */
function holdBack(): { release: () => void; hook: WorldHook } {
  const may = Promise.withResolvers<void>();
  const hook: WorldHook = async (call): Promise<Fate> => {
    if (call.operation === 'ReceiveMessage' && call.phase === 'before') await may.promise;
    return 'pass';
  };
  return { release: () => may.resolve(), hook };
}

/** Jobs that the executor to be cut off has claimed, as many as it has slots. */
async function claimedByCut(first: number, count: number, lastsSec: number): Promise<readonly ExpectedJob[]> {
  const gate = holdBack();
  sound.hook = gate.hook;
  await sleep(5_500); // A poll that the sound one has on the wire takes so long at most.
  const claimed = new Set<string>();
  const all = Promise.withResolvers<void>();
  const jobs: ExpectedJob[] = [];
  cut.hook = (_call, seen) => {
    if (seen?.point === 'claimed') for (const id of seen.executionIds) claimed.add(id);
    if (jobs.length === count && jobs.every(({ job }) => claimed.has(job.executionId))) all.resolve();
    return 'pass';
  };
  for (let n = first; n < first + count; n += 1) {
    jobs.push({ job: await world.submit(program('bash', n, lastsSec)), stdout: `${n}\n` });
  }
  await all.promise;
  gate.release();
  sound.hook = pass;
  return jobs;
}

/** Or until the client would give the call up: then there is no other executor, and the result counts. */
async function untilClaimedAgain(body: string): Promise<void> {
  const executionId = /[0-9a-f]{8}-[0-9a-f-]{27}/.exec(body)?.[0] ?? '';
  for (const untilMs = performance.now() + 4_400; performance.now() < untilMs; await sleep(20)) {
    if (world.log.of(executionId).claims > 1) return;
  }
}

interface Planted {
  readonly expected: readonly ExpectedJob[];
  /** Jobs that had not ended when the fault came: all of them, unless the machine is very busy. */
  readonly planted: number;
}

/** As many batches as there are rounds for, each met by the fault at a random moment of its run. */
async function inBatches(plant: () => Promise<void>, lastsSec = LASTS_SEC): Promise<Planted> {
  const expected: ExpectedJob[] = [];
  let planted = 0;
  for (let first = 0; first < ROUNDS; first += SLOTS) {
    const batch = await claimedByCut(first, Math.min(SLOTS, ROUNDS - first), lastsSec);
    expected.push(...batch);
    await sleep(Math.random() * 500);
    planted += batch.filter(({ job }) => world.log.of(job.executionId).settles === 0).length;
    await plant();
    await Promise.all(batch.map(({ job }) => world.client.untilFinal(job)));
    cut.hook = pass;
  }
  return { expected, planted };
}

/** Fewer than were met: some ends were on their way to the table already. */
function most(planted: number): number {
  return Math.floor(0.8 * planted);
}

test.skipIf(IS_FAST)('visibility runs out while the leases are renewed', async () => {
  const before = await sumOf([cut, sound], 'not_ours');
  const { expected, planted } = await inBatches(async () => {
    cut.hook = (call) => (call.operation === 'ChangeMessageVisibilityBatch' ? 'cut' : 'pass');
  });
  const report = await conclude(world, 'visibility runs out in a run', { planted, expected });
  // A machine that is busy with other things may renew a lease too late.
  expect(report.reRuns).toBeLessThanOrEqual(ROUNDS / 5);
  // The messages came up in the middle of it, and whoever got them left the job alone.
  expect((await sumOf([cut, sound], 'not_ours')) - before).toBeGreaterThanOrEqual(Math.min(ROUNDS, 2));
});

test.skipIf(IS_FAST)('an executor is cut off from everything', async () => {
  const before = await sumOf([cut], 'lease_lost');
  const { expected, planted } = await inBatches(async () => {
    cut.hook = () => 'cut';
  });
  const report = await conclude(world, 'executor cut off from everything', { planted, expected });
  expect(report.reRuns).toBeGreaterThanOrEqual(most(planted));
  expect((await sumOf([cut], 'lease_lost')) - before).toBeGreaterThanOrEqual(most(planted));
});

test.skipIf(IS_FAST)('an executor is stopped for longer than its leases', async () => {
  const before = (await sumOf([cut], 'lease_lost')) + (await sumOf([cut], 'superseded'));
  const { expected, planted } = await inBatches(async () => {
    cut.process.kill('SIGSTOP');
    await sleep(LEASE_SEC * 1000 + 3_000);
    cut.process.kill('SIGCONT');
  });
  const report = await conclude(world, 'executor stopped past its leases', { planted, expected });
  expect(report.reRuns).toBeGreaterThanOrEqual(most(planted));
  expect((await sumOf([cut], 'lease_lost')) + (await sumOf([cut], 'superseded')) - before).toBeGreaterThanOrEqual(
    most(planted),
  );
});

test.skipIf(IS_FAST)('a result comes after another executor has taken the job', async () => {
  const before = await sumOf([cut], 'superseded');
  const { expected, planted } = await inBatches(async () => {
    // Nothing of it but the ends of jobs arrives, and these when their leases are over and others run the jobs.
    cut.hook = async ({ phase, operation, body }): Promise<Fate> => {
      if (phase === 'after') return 'pass';
      if (operation === 'ChangeMessageVisibilityBatch' || operation === 'ReceiveMessage') return 'cut';
      if (operation !== 'UpdateItem') return 'pass';
      if (!body.includes('outcome')) return 'cut';
      await untilClaimedAgain(body);
      return 'pass';
    };
  }, SHORT_SEC);
  await conclude(world, 'result after another took the job', { planted, expected });
  expect((await sumOf([cut], 'superseded')) - before).toBeGreaterThanOrEqual(1);
});
