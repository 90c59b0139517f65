import { systemClock } from '@runyard/shared/adapters/in-process';
import { silentLogger } from '@runyard/shared/logging';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { hello } from '../testing/reports.ts';
import { PYTHON, sandboxFailure, untilStopped, World, type RunProgram } from '../testing/world.ts';
import { Executor } from './executor.ts';

let world: World;
let executor: Executor;

beforeEach(() => {
  world = new World(systemClock);
});

afterEach(async () => {
  await executor.drain(0);
  world[Symbol.dispose]();
});

function start(slots: number, untilSandboxWell: () => Promise<void> = async () => undefined): Executor {
  const { sandbox } = world.deps;
  const { store, queue, artifacts } = world;
  const options = { slots, worker: 'test', random: () => 0 };
  const parts = { store, queue, artifacts, sandbox, languages: [PYTHON], clock: systemClock, logger: silentLogger() };
  executor = new Executor({ ...parts, untilSandboxWell }, options);
  executor.start();
  return executor;
}

/** Programs that end when the test says so. */
function gated(): { run: RunProgram; open: () => void } {
  const gate = Promise.withResolvers<void>();
  return { run: () => gate.promise.then(() => hello()), open: gate.resolve };
}

async function statusesOf(ids: readonly string[]): Promise<string[]> {
  return Promise.all(ids.map(async (id) => (await world.job(id)).status));
}

test('takes no more jobs than it has slots, and the others when slots become free', async () => {
  const { run, open } = gated();
  world.runProgram = run;
  const jobs = await Promise.all([1, 2, 3, 4, 5].map(() => world.submit()));
  const ids = jobs.map(({ executionId }) => executionId);
  start(2);
  await expect.poll(() => executor.runningJobs).toBe(2);
  expect((await statusesOf(ids)).filter((status) => status === 'running')).toHaveLength(2);
  // What no slot is free for stays with the queue, for other executors.
  expect(await world.receive()).toHaveLength(3);
  open();
  await expect.poll(() => world.depth()).toBe(3);
});

test('runs a job that comes while it waits', async () => {
  start(1);
  const { executionId } = await world.submit();
  await expect.poll(async () => (await world.job(executionId)).status).toBe('completed');
});

test('goes on after a failed receive', async () => {
  world.failNext('queue.receive', new Error('down'));
  const { executionId } = await world.submit();
  start(1);
  await expect.poll(async () => (await world.job(executionId)).status, { timeout: 5_000 }).toBe('completed');
});

test('counts faults in a row until a job succeeds', async () => {
  const reports = [sandboxFailure('protocol'), hello()];
  world.runProgram = async () => reports.shift() ?? hello();
  const { executionId } = await world.submit();
  start(1);
  await expect.poll(() => executor.faultsInARow).toBe(1);
  await expect.poll(async () => (await world.job(executionId)).status, { timeout: 5_000 }).toBe('completed');
  await expect.poll(() => executor.faultsInARow).toBe(0);
});

test('a drain lets running jobs finish and takes no new one', async () => {
  const { run, open } = gated();
  world.runProgram = run;
  const first = await world.submit();
  start(2);
  await expect.poll(() => executor.runningJobs).toBe(1);
  const drained = executor.drain(60_000);
  const second = await world.submit();
  open();
  await drained;
  expect(await statusesOf([first.executionId, second.executionId])).toEqual(['completed', 'queued']);
});

test('a drain ends what takes longer than the grace and gives it back at once', async () => {
  world.runProgram = untilStopped;
  const { executionId } = await world.submit();
  start(1);
  await expect.poll(() => executor.runningJobs).toBe(1);
  await executor.drain(20);
  expect(executor.runningJobs).toBe(0);
  const delivery = await world.receiveOne();
  const claim = await world.store.claim(delivery.message.executionId, {
    worker: 'next',
    nowMs: Date.now(),
    leaseMs: 1_000,
  });
  expect(claim).toMatchObject({ kind: 'claimed', job: { executionId, attempt: 2 } });
});

test('a drain does not throw away a job that ends just then', async () => {
  world.runProgram = (plan, signal) => untilStopped(plan, signal).then(() => hello());
  const { executionId } = await world.submit();
  start(1);
  await expect.poll(() => executor.runningJobs).toBe(1);
  await executor.drain(0);
  expect((await world.job(executionId)).status).toBe('completed');
});

test('takes no job while the sandbox is in trouble', async () => {
  const well = Promise.withResolvers<void>();
  const { executionId } = await world.submit();
  start(1, () => well.promise);
  await new Promise((resolve) => setImmediate(resolve));
  expect(world.calls).not.toContain('queue.receive');
  expect((await world.job(executionId)).status).toBe('queued');
  well.resolve();
  await expect.poll(async () => (await world.job(executionId)).status).toBe('completed');
});
