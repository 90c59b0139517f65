import { systemClock } from '@runyard/shared/adapters/in-process';
import { FatalDependencyError } from '@runyard/shared/errors';
import { silentLogger } from '@runyard/shared/logging';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { hello } from '../testing/reports.ts';
import { PYTHON, sandboxFailure, untilStopped, World, type RunProgram } from '../testing/world.ts';
import { Executor, type ExecutorDependencies } from './executor.ts';

let world: World;
let executor: Executor;
/** What happened, in order. */
let events: string[];

beforeEach(() => {
  events = [];
  world = new World(systemClock);
});

afterEach(async () => {
  await executor.drain(0);
  world[Symbol.dispose]();
});

function start(slots: number, more: Partial<ExecutorDependencies> = {}): Executor {
  const { sandbox } = world.deps;
  const { store, queue, artifacts } = world;
  const options = { slots, worker: 'test', random: () => 0 };
  const parts = { store, queue, artifacts, sandbox, languages: [PYTHON], clock: systemClock, logger: silentLogger() };
  executor = new Executor({ ...parts, count: (event) => void events.push(event), ...more }, options);
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
  start(1, { untilSandboxWell: () => well.promise });
  await new Promise((resolve) => setImmediate(resolve));
  expect(world.calls).not.toContain('queue.receive');
  expect((await world.job(executionId)).status).toBe('queued');
  well.resolve();
  await expect.poll(async () => (await world.job(executionId)).status).toBe('completed');
});

test('what a last receive brings while stopping goes back at once, unstarted', async () => {
  const job = await world.submit();
  const onTheWire = Promise.withResolvers<void>();
  const arrives = Promise.withResolvers<void>();
  // As with SQS: a poll on the wire is not aborted, since its message would be lost for a while.
  const queue = Object.create(world.queue) as typeof world.queue;
  queue.receive = async (request) => {
    onTheWire.resolve();
    await arrives.promise;
    return world.queue.receive({ ...request, waitMs: 0, signal: new AbortController().signal });
  };
  start(1, { queue });
  await onTheWire.promise;
  const drained = executor.drain(60_000);
  arrives.resolve();
  await drained;
  expect(events).toEqual(['deliveries', 'given_back']);
  expect(await world.job(job.executionId)).toMatchObject({ status: 'queued', attempt: 0 });
  expect(await world.receive()).toHaveLength(1);
});

test('a grace that is over ends jobs though a receive is still under way', async () => {
  world.runProgram = untilStopped;
  const { executionId } = await world.submit();
  const arrives = Promise.withResolvers<void>();
  const queue = Object.create(world.queue) as typeof world.queue;
  let receives = 0;
  queue.receive = async (request) => {
    receives += 1;
    if (receives > 1) await arrives.promise;
    return world.queue.receive({ ...request, waitMs: 0 });
  };
  start(2, { queue });
  await expect.poll(() => executor.runningJobs).toBe(1);
  await expect.poll(() => receives).toBe(2);
  const drained = executor.drain(0);
  await expect.poll(() => executor.runningJobs).toBe(0);
  expect(events).toContain('handed_back');
  arrives.resolve();
  await drained;
  expect(await world.job(executionId)).toMatchObject({ status: 'running', attempt: 1 });
});

test('a message of a language of others is put back for a while and costs no attempt', async () => {
  const { executionId } = await world.submit({ language: 'cobol' });
  const queue = Object.create(world.queue) as typeof world.queue;
  // One queue for all languages gives whatever is in it.
  queue.receive = (request) => world.queue.receive({ ...request, languages: ['cobol', 'python'] });
  const visibilities: number[] = [];
  queue.setVisibility = (receipt, visibilityMs) => {
    visibilities.push(visibilityMs);
    return world.queue.setVisibility(receipt, visibilityMs);
  };
  start(1, { queue });
  await expect.poll(() => events).toEqual(['deliveries', 'not_served']);
  expect(visibilities).toEqual([1_000]);
  expect(await world.job(executionId)).toMatchObject({ status: 'queued', attempt: 0 });
});

test('a queue that is not there is told and not asked again', async () => {
  const gone = new FatalDependencyError('There is no such queue.');
  world.failNext('queue.receive', gone);
  const told = Promise.withResolvers<Error>();
  start(1, { onFatal: told.resolve });
  expect(await told.promise).toBe(gone);
  await executor.drain(0);
  expect(world.calls.filter((call) => call === 'queue.receive')).toHaveLength(1);
  expect(events).toEqual(['receive_errors']);
});

test('a table that is not there is told too', async () => {
  const gone = new FatalDependencyError('There is no such table.');
  world.failNext('store.claim', gone);
  await world.submit();
  const told = Promise.withResolvers<Error>();
  start(1, { onFatal: told.resolve });
  expect(await told.promise).toBe(gone);
});

test('everything that happens is counted', async () => {
  const reports = [sandboxFailure('protocol'), hello()];
  world.runProgram = async () => reports.shift() ?? hello();
  const { executionId } = await world.submit();
  start(1);
  await expect.poll(async () => (await world.job(executionId)).status, { timeout: 5_000 }).toBe('completed');
  await expect.poll(() => events).toHaveLength(5);
  expect(events).toEqual(['deliveries', 'handed_back', 'deliveries', 'redelivered', 'settled']);
});
