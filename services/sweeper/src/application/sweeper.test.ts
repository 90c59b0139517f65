import { FilesystemArtifactStore } from '@runyard/shared/adapters/filesystem';
import { SqliteDatabase, SqliteJobQueue, SqliteJobStore } from '@runyard/shared/adapters/sqlite';
import { LEASE_MS, MAX_ATTEMPTS, outputKey, type QueuedJob } from '@runyard/shared/domain';
import { FatalDependencyError } from '@runyard/shared/errors';
import { silentLogger } from '@runyard/shared/logging';
import { aJobSource, anOutcome, aQueuedJob, ManualClock, TemporaryFolder } from '@runyard/shared/testing';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { MemoryResendLedger } from '../testing/memory-resend-ledger.ts';
import { Sweeper, type SweeperDependencies } from './sweeper.ts';

const STALE_MS = 60_000;
const DAY_MS = 24 * 3600 * 1000;
const NOTHING = { resent: 0, gaveUp: 0, expired: 0, deadLettersResent: 0, deadLettersSettled: 0, removed: 0 };

let folder: TemporaryFolder;
let database: SqliteDatabase;
let clock: ManualClock;
let store: SqliteJobStore;
let queue: SqliteJobQueue;
let artifacts: FilesystemArtifactStore;
let ledger: MemoryResendLedger;

beforeEach(() => {
  folder = new TemporaryFolder();
  database = SqliteDatabase.open(folder.join('runyard.db'));
  clock = new ManualClock();
  ledger = new MemoryResendLedger();
  store = new SqliteJobStore(database);
  queue = new SqliteJobQueue(database, { clock, maxReceiveCount: 1 });
  artifacts = new FilesystemArtifactStore({
    directory: folder.join('artifacts'),
    secret: new Uint8Array(32),
    publicBaseUrl: () => 'http://localhost',
    clock,
  });
});

afterEach(() => {
  database.close();
  folder[Symbol.dispose]();
});

/** A queue that cannot tell which jobs have a message, unless `knowledge` says otherwise. */
function sweeper(overrides: Partial<SweeperDependencies> = {}): Sweeper {
  const knowledge = { kind: 'ledger', resends: ledger } as const;
  return new Sweeper({ store, queue, artifacts, clock, logger: silentLogger(), knowledge, ...overrides });
}

async function createJob(overrides: Partial<QueuedJob> = {}): Promise<QueuedJob> {
  const job = aQueuedJob({ createdAtMs: clock.nowMs(), ...overrides });
  await store.create(job, aJobSource());
  return job;
}

function send({ executionId, language }: QueuedJob): Promise<void> {
  return queue.send({ executionId, language });
}

function claim({ executionId }: QueuedJob, leaseMs: number = LEASE_MS) {
  return store.claim(executionId, { worker: 'test', nowMs: clock.nowMs(), leaseMs });
}

async function visibleIds(): Promise<string[]> {
  const request = { languages: ['python'], maxMessages: 100, waitMs: 0, visibilityMs: LEASE_MS };
  return (await queue.receive(request)).map(({ message }) => message.executionId);
}

/** Received once and then once more: too often for this queue. */
async function bury(job: QueuedJob): Promise<void> {
  await send(job);
  await visibleIds();
  clock.advance(LEASE_MS);
  expect(await visibleIds()).toEqual([]);
}

/** Three claims whose workers all die; the last lease still runs. */
async function exhaust(job: QueuedJob): Promise<void> {
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
    if (attempt > 1) clock.advance(LEASE_MS);
    await claim(job);
  }
}

async function old(): Promise<QueuedJob> {
  const job = await createJob({ expiresAtMs: clock.nowMs() + DAY_MS });
  await claim(job);
  await artifacts.put(outputKey(job.executionId, 1, 'combined'), Buffer.from('1\n'));
  await store.settle(job.executionId, { attempt: 1, nowMs: clock.nowMs(), outcome: anOutcome() });
  return job;
}

describe('a job without a message', () => {
  test('is sent again, but not while it is fresh', async () => {
    const job = await createJob();
    clock.advance(STALE_MS);
    expect(await sweeper().sweepOnce()).toEqual(NOTHING);
    clock.advance(1);
    expect(await sweeper().sweepOnce()).toEqual({ ...NOTHING, resent: 1 });
    expect(await visibleIds()).toEqual([job.executionId]);
  });

  test('is sent again when its worker is gone', async () => {
    const job = await createJob();
    await claim(job);
    clock.advance(STALE_MS + 1);
    expect(await sweeper().sweepOnce()).toEqual({ ...NOTHING, resent: 1 });
    expect(await visibleIds()).toEqual([job.executionId]);
  });

  test('is left to a worker that holds it', async () => {
    await claim(await createJob(), 10 * STALE_MS);
    clock.advance(STALE_MS + 1);
    expect(await sweeper().sweepOnce()).toEqual(NOTHING);
  });

  test('ends when its attempts are used up', async () => {
    const job = await createJob();
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) await claim(job, 0);
    clock.advance(STALE_MS + 1);
    expect(await sweeper().sweepOnce()).toEqual({ ...NOTHING, gaveUp: 1 });
    expect(await store.get(job.executionId)).toMatchObject({
      status: 'failed',
      outcome: { verdict: 'internal_error' },
    });
  });
});

describe('a job of a language that is no longer served', () => {
  test('ends at the next start and says why', async () => {
    const queued = await createJob({ language: 'cobol' });
    await send(queued);
    const lost = await createJob({ language: 'cobol' });
    await claim(lost, 0);
    const served = await createJob();
    await send(served);
    clock.advance(1);
    await sweeper({ languages: ['python'], knowledge: { kind: 'index', messages: queue } }).repairAfterCrash();
    for (const { executionId } of [queued, lost]) {
      expect(await store.get(executionId)).toMatchObject({
        status: 'failed',
        outcome: { verdict: 'internal_error', error: expect.stringContaining('no longer runs cobol') as string },
      });
    }
    expect(await store.get(served.executionId)).toMatchObject({ status: 'queued' });
  });

  test('waits where other processes may serve it', async () => {
    const job = await createJob({ language: 'cobol' });
    clock.advance(1);
    await sweeper({ knowledge: { kind: 'index', messages: queue } }).repairAfterCrash();
    expect(await store.get(job.executionId)).toMatchObject({ status: 'queued' });
  });
});

/** Minutes after which the job got a message more, over an hour of sweeps. */
async function resendMinutes(sweepers: () => readonly Sweeper[]): Promise<number[]> {
  const sentAtMin: number[] = [];
  for (let minute = 1; minute <= 90; minute += 1) {
    clock.advance(60_000);
    const results = await Promise.all(sweepers().map((subject) => subject.sweepOnce()));
    for (const { resent } of results) sentAtMin.push(...Array.from({ length: resent }, () => minute));
  }
  return sentAtMin;
}

describe('jobs that wait behind others', () => {
  test('get no second message where the queue can tell which have one', async () => {
    const waiting = await createJob();
    await send(waiting);
    const lost = await createJob();
    clock.advance(STALE_MS + 1);
    expect(await sweeper({ knowledge: { kind: 'index', messages: queue } }).sweepOnce()).toEqual({
      ...NOTHING,
      resent: 1,
    });
    expect((await visibleIds()).toSorted()).toEqual([waiting.executionId, lost.executionId].toSorted());
  });

  test('elsewhere get three more at most, with ever longer pauses', async () => {
    await send(await createJob());
    const subject = sweeper();
    expect(await resendMinutes(() => [subject])).toEqual([10, 20, 40]);
  });

  test('get no more from two sweepers that restart all the time', async () => {
    await send(await createJob());
    expect(await resendMinutes(() => [sweeper(), sweeper()])).toEqual([10, 20, 40]);
  });

  test('get one sooner when the queue has fewer messages than jobs that stand still', async () => {
    await send(await createJob());
    await createJob();
    const subject = sweeper();
    const minutes = await resendMinutes(() => [subject]);
    expect(minutes.slice(0, 2)).toEqual([2, 2]);
    expect(minutes.length).toBeLessThanOrEqual(6);
  });
});

test('a job that waited too long is not run any more', async () => {
  const job = await createJob();
  await send(job);
  clock.advance(DAY_MS + 1);
  const knowledge = { kind: 'ledger', resends: ledger } as const;
  const deps = { store, queue, artifacts, clock, logger: silentLogger(), knowledge };
  expect(await new Sweeper(deps, { maxQueuedMs: DAY_MS }).sweepOnce()).toEqual({ ...NOTHING, expired: 1 });
  expect(await store.get(job.executionId)).toMatchObject({ status: 'expired', outcome: { verdict: 'expired' } });
});

test('a queue that is out of order is no reason to leave the jobs of other languages', async () => {
  const broken = await createJob({ language: 'c' });
  const others = [await createJob(), await createJob()];
  clock.advance(STALE_MS + 1);
  const onFatal = vi.fn<(error: FatalDependencyError) => void>();
  const spy = vi.spyOn(queue, 'depth').mockImplementation(async ([language]) => {
    if (language === 'c') throw new FatalDependencyError('no such queue');
    return 0;
  });
  expect(await sweeper({ onFatal }).sweepOnce()).toEqual({ ...NOTHING, resent: 2 });
  expect(onFatal).not.toHaveBeenCalled();
  expect((await visibleIds()).toSorted()).toEqual(others.map(({ executionId }) => executionId).toSorted());
  spy.mockRestore();
  expect(await sweeper().sweepOnce()).toEqual({ ...NOTHING, resent: 1 });
  expect(await store.get(broken.executionId)).toMatchObject({ status: 'queued' });
});

test('a message that cannot be sent costs nobody else a resend', async () => {
  await createJob();
  await createJob();
  clock.advance(STALE_MS + 1);
  const spy = vi.spyOn(queue, 'send').mockRejectedValue(new FatalDependencyError('no'));
  const taken = vi.spyOn(ledger, 'takeResend');
  expect(await sweeper().sweepOnce()).toEqual(NOTHING);
  expect(taken).toHaveBeenCalledTimes(1);
  spy.mockRestore();
});

test('two sweepers at once send one message for one job that lost its own', async () => {
  const job = await createJob();
  clock.advance(STALE_MS + 1);
  const results = await Promise.all([sweeper().sweepOnce(), sweeper().sweepOnce()]);
  expect(results.reduce((sum, { resent }) => sum + resent, 0)).toBe(1);
  expect(await visibleIds()).toEqual([job.executionId]);
});

test('two sweepers at once settle a dead letter once', async () => {
  const job = await createJob();
  await exhaust(job);
  await bury(job);
  const results = await Promise.all([sweeper().sweepOnce(), sweeper().sweepOnce()]);
  expect(results.reduce((sum, { deadLettersSettled }) => sum + deadLettersSettled, 0)).toBe(1);
});

test('what was done and what failed is told after each sweep, and what no waiting helps', async () => {
  const told: unknown[] = [];
  vi.spyOn(store, 'listStale').mockRejectedValueOnce(new FatalDependencyError('There is no such table.'));
  const onFatal = (error: Error): void => void told.push(error.message);
  const onSweep: SweeperDependencies['onSweep'] = (result, failed) => void told.push([result, failed]);
  await sweeper({ onSweep, onFatal }).sweepOnce();
  expect(told).toEqual([[NOTHING, 1], 'There is no such table.']);
});

test('after a crash nothing has to grow stale first', async () => {
  const waiting = await createJob();
  await send(waiting);
  const lost = await createJob();
  clock.advance(1);
  await sweeper({ knowledge: { kind: 'index', messages: queue } }).repairAfterCrash();
  expect((await visibleIds()).toSorted()).toEqual([waiting.executionId, lost.executionId].toSorted());
});

describe('a dead letter', () => {
  test('of a job that nobody claimed is sent again', async () => {
    const job = await createJob();
    await bury(job);
    expect(await sweeper().sweepOnce()).toEqual({ ...NOTHING, deadLettersResent: 1 });
    expect(await visibleIds()).toEqual([job.executionId]);
    expect(await sweeper().sweepOnce()).toEqual(NOTHING);
  });

  test('of a job whose worker is gone is sent again while it has attempts left', async () => {
    const job = await createJob();
    await claim(job);
    await bury(job);
    expect(await sweeper().sweepOnce()).toEqual({ ...NOTHING, deadLettersResent: 1 });
    expect(await visibleIds()).toEqual([job.executionId]);
    expect(await store.get(job.executionId)).toMatchObject({ status: 'running', attempt: 1 });
  });

  test('of a job that has used all its attempts ends it', async () => {
    const job = await createJob();
    await exhaust(job);
    await bury(job);
    expect(await sweeper().sweepOnce()).toEqual({ ...NOTHING, deadLettersSettled: 1 });
    expect(await store.get(job.executionId)).toMatchObject({
      status: 'failed',
      outcome: { verdict: 'internal_error' },
    });
  });

  test('of a job that a worker holds, that is final or that is gone needs nothing', async () => {
    const held = await createJob();
    await claim(held, 10 * STALE_MS);
    const final = await createJob();
    await claim(final);
    await store.settle(final.executionId, { attempt: 1, nowMs: clock.nowMs(), outcome: anOutcome() });
    const deleted = await createJob();
    for (const job of [held, final, deleted]) await bury(job);
    await store.delete(deleted.executionId);
    expect(await sweeper().sweepOnce()).toEqual(NOTHING);
    // Longer than a sweep hides a letter that it is about to remove.
    clock.advance(STALE_MS + 1);
    expect(await queue.receiveDead({ maxMessages: 10, visibilityMs: 0 })).toEqual([]);
    expect(await store.get(held.executionId)).toMatchObject({ status: 'running' });
    expect(await store.get(final.executionId)).toMatchObject({ status: 'completed' });
  });
});

describe('a job that is too old', () => {
  test('goes, with its outputs, and not before', async () => {
    const job = await old();
    const path = `artifact:///${outputKey(job.executionId, 1, 'combined')}`;
    clock.advance(DAY_MS - 1);
    expect(await sweeper().sweepOnce()).toEqual(NOTHING);
    expect(await artifacts.get(path)).not.toBeNull();
    clock.advance(1);
    expect(await sweeper().sweepOnce()).toEqual({ ...NOTHING, removed: 1 });
    expect(await store.get(job.executionId)).toBeNull();
    expect(await artifacts.get(path)).toBeNull();
  });

  test('keeps its record as long as its outputs are there', async () => {
    const job = await old();
    clock.advance(DAY_MS);
    vi.spyOn(artifacts, 'deletePrefix').mockRejectedValueOnce(new Error('disk'));
    const subject = sweeper();
    expect(await subject.sweepOnce()).toEqual(NOTHING);
    expect(await store.get(job.executionId)).not.toBeNull();
    expect(await subject.sweepOnce()).toEqual({ ...NOTHING, removed: 1 });
  });

  test('stays while a worker holds it', async () => {
    const job = await createJob({ expiresAtMs: clock.nowMs() + 1 });
    await claim(job);
    clock.advance(1);
    expect(await sweeper().sweepOnce()).toEqual(NOTHING);
    expect(await store.get(job.executionId)).not.toBeNull();
  });
});

test('one part that fails does not keep the others from their work', async () => {
  await createJob();
  clock.advance(STALE_MS + 1);
  const old = await createJob({ expiresAtMs: clock.nowMs() });
  vi.spyOn(store, 'listStale').mockRejectedValueOnce(new Error('down'));
  expect(await sweeper().sweepOnce()).toEqual({ ...NOTHING, removed: 1 });
  expect(await store.get(old.executionId)).toBeNull();
});

test('sweeps at once and then again and again, until it is stopped', async () => {
  const listStale = vi.spyOn(store, 'listStale');
  const subject = new Sweeper(
    { store, queue, artifacts, clock, logger: silentLogger(), knowledge: { kind: 'ledger', resends: ledger } },
    { intervalMs: 1 },
  );
  subject.start();
  await expect.poll(() => listStale.mock.calls.length).toBeGreaterThan(2);
  await subject.stop();
  const count = listStale.mock.calls.length;
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(listStale.mock.calls.length).toBe(count);
});
