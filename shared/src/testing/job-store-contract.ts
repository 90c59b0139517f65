import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { emptyOutcome, LEASE_MS, type QueuedJob } from '../domain/index.ts';
import type { ClaimResult, JobStore } from '../ports/index.ts';
import { aJobSource, anOutcome, aQueuedJob } from './job-builders.ts';
import { historiesOf } from './job-store-histories.ts';

export interface JobStoreHarness {
  readonly store: JobStore;
  /** Present when the store itself forgets what is expired, by a clock that this sets; then it has none to list. */
  readonly forgetting?: { readonly setNowMs: (nowMs: number) => void };
  dispose(): Promise<void>;
}

const T0 = Date.UTC(2026, 0, 1);
const UNKNOWN = '01890000-0000-7000-8000-000000000000';

function kinds(results: readonly { readonly kind: string }[]): readonly string[] {
  return results.map((result) => result.kind).toSorted();
}

/** What every JobStore must do, races included. `makeStore` gives an empty store; it is disposed after each test. */
export function jobStoreContract(name: string, makeStore: () => Promise<JobStoreHarness>): void {
  describe(`JobStore contract: ${name}`, () => {
    let harness: JobStoreHarness;
    let store: JobStore;
    beforeEach(async () => {
      harness = await makeStore();
      store = harness.store;
    });
    afterEach(() => harness.dispose());

    const created = async (overrides: Partial<QueuedJob> = {}) => {
      const job = aQueuedJob({ createdAtMs: T0, ...overrides });
      await store.create(job, aJobSource());
      return job;
    };
    const claimed = async (executionId: string, nowMs = T0, worker = 'w1') =>
      store.claim(executionId, { worker, nowMs, leaseMs: LEASE_MS });
    const settled = async (executionId: string, attempt: number, nowMs = T0 + 1000) =>
      store.settle(executionId, { attempt, nowMs, outcome: anOutcome() });

    describe('create', () => {
      test('keeps the record as given', async () => {
        const job = aQueuedJob({ userId: 'u 1', metadata: { nested: { list: [1, 'zwölf', null] } } });
        expect(await store.create(job, aJobSource())).toEqual({ kind: 'created', job });
        expect(await store.get(job.executionId)).toEqual(job);
      });

      test('keeps every character of the source', async () => {
        const job = aQueuedJob();
        const source = aJobSource({
          code: '\uFEFFprint("\u{1F600} ä \u0000 end")\r\n',
          input: 'AAH/',
          inputEncoding: 'base64',
          args: ['', 'a b', "'; DROP TABLE jobs; --", '\u0001'],
          env: { LANG: 'C.UTF-8', EMPTY: '' },
        });
        await store.create(job, source);
        expect(await store.getSource(job.executionId)).toEqual(source);
      });

      test('keeps a source of 256 KiB and a stdin of 1 MiB', async () => {
        const job = aQueuedJob();
        const source = aJobSource({ code: '#'.repeat(256 * 1024), input: 'é'.repeat(512 * 1024) });
        await store.create(job, source);
        expect(await store.getSource(job.executionId)).toEqual(source);
      });

      test('is idempotent: of 100 at once one creates and all answer the same job', async () => {
        const job = aQueuedJob();
        const results = await Promise.all(Array.from({ length: 100 }, () => store.create(job, aJobSource())));
        expect(kinds(results)).toEqual(['created', ...Array<string>(99).fill('replayed')]);
        expect(results.every((result) => result.job.executionId === job.executionId)).toBe(true);
      });

      test('replays the job as it is now', async () => {
        const job = await created();
        await claimed(job.executionId);
        await settled(job.executionId, 1);
        const replay = await store.create(job, aJobSource());
        expect(replay).toMatchObject({ kind: 'replayed', job: { status: 'completed', attempt: 1 } });
      });

      test('refuses another request under the same id and changes nothing', async () => {
        const job = await created();
        const other = { ...job, requestHash: 'b'.repeat(64), language: 'c' };
        expect(await store.create(other, aJobSource({ code: 'other' }))).toEqual({ kind: 'mismatch', job });
        expect(await store.get(job.executionId)).toEqual(job);
        expect((await store.getSource(job.executionId))?.code).toBe('print(1)');
      });
    });

    test('an unknown job is nowhere', async () => {
      expect(await store.get(UNKNOWN)).toBeNull();
      expect(await store.getSource(UNKNOWN)).toBeNull();
      expect(await claimed(UNKNOWN)).toEqual({ kind: 'not_found' });
      expect(await store.renew(UNKNOWN, { attempt: 1, nowMs: T0, leaseMs: LEASE_MS })).toBe(false);
      expect(await settled(UNKNOWN, 1)).toEqual({ kind: 'not_found' });
      expect(await store.giveUp(UNKNOWN, { nowMs: T0, outcome: emptyOutcome('cancelled', 'x') })).toEqual({
        kind: 'not_found',
      });
      expect(await store.delete(UNKNOWN)).toBe(false);
    });

    describe('claim', () => {
      test('makes a queued job running, with the first attempt', async () => {
        const job = await created();
        const running = {
          ...job,
          status: 'running',
          attempt: 1,
          worker: 'w1',
          startedAtMs: T0 + 5,
          updatedAtMs: T0 + 5,
          leaseUntilMs: T0 + 5 + LEASE_MS,
        };
        expect(await claimed(job.executionId, T0 + 5)).toEqual({ kind: 'claimed', job: running });
        expect(await store.get(job.executionId)).toEqual(running);
      });

      test('of 20 at once one wins and the others see its lease', async () => {
        const job = await created();
        const results = await Promise.all(
          Array.from({ length: 20 }, (_, index) => claimed(job.executionId, T0, `w${index}`)),
        );
        expect(kinds(results)).toEqual(['claimed', ...Array<string>(19).fill('leased')]);
        expect(results.find((result) => result.kind === 'leased')).toEqual({
          kind: 'leased',
          leaseUntilMs: T0 + LEASE_MS,
        });
        expect((await store.get(job.executionId))?.attempt).toBe(1);
      });

      test('takes over when the lease is over, not a millisecond before', async () => {
        const job = await created();
        await claimed(job.executionId, T0, 'w1');
        expect((await claimed(job.executionId, T0 + LEASE_MS - 1, 'w2')).kind).toBe('leased');
        expect(await claimed(job.executionId, T0 + LEASE_MS, 'w2')).toMatchObject({
          kind: 'claimed',
          job: { attempt: 2, worker: 'w2', startedAtMs: T0, leaseUntilMs: T0 + 2 * LEASE_MS },
        });
      });

      test('of two that find an expired lease one wins', async () => {
        const job = await created();
        await claimed(job.executionId);
        const late = T0 + LEASE_MS;
        const results = await Promise.all([claimed(job.executionId, late, 'w2'), claimed(job.executionId, late, 'w3')]);
        expect(kinds(results)).toEqual(['claimed', 'leased']);
      });

      test('stops after three attempts; giving up is the way on', async () => {
        const job = await created();
        const results: ClaimResult[] = [];
        for (let turn = 0; turn < 4; turn += 1) {
          results.push(await claimed(job.executionId, T0 + turn * LEASE_MS));
        }
        expect(results.map((result) => result.kind)).toEqual(['claimed', 'claimed', 'claimed', 'exhausted']);
        const outcome = emptyOutcome('internal_error', 'The job could not be run.');
        expect(await store.giveUp(job.executionId, { nowMs: T0 + 3 * LEASE_MS, outcome })).toMatchObject({
          kind: 'finished',
          job: { status: 'failed', attempt: 3 },
        });
        expect((await claimed(job.executionId, T0 + 9 * LEASE_MS)).kind).toBe('final');
      });

      test('a redelivery after success finds the final job', async () => {
        const job = await created();
        await claimed(job.executionId);
        await settled(job.executionId, 1);
        expect(await claimed(job.executionId, T0 + 10 * LEASE_MS)).toEqual({
          kind: 'final',
          job: await store.get(job.executionId),
        });
      });
    });

    describe('renew', () => {
      test('moves the end of the lease', async () => {
        const job = await created();
        await claimed(job.executionId);
        const lease = { attempt: 1, nowMs: T0 + 15_000, leaseMs: LEASE_MS };
        expect(await store.renew(job.executionId, lease)).toBe(true);
        expect(await claimed(job.executionId, T0 + LEASE_MS + 1, 'w2')).toEqual({
          kind: 'leased',
          leaseUntilMs: T0 + 15_000 + LEASE_MS,
        });
      });

      test('says no to a worker that lost its lease to another', async () => {
        const job = await created();
        await claimed(job.executionId);
        await claimed(job.executionId, T0 + LEASE_MS, 'w2');
        const before = await store.get(job.executionId);
        expect(await store.renew(job.executionId, { attempt: 1, nowMs: T0 + LEASE_MS, leaseMs: LEASE_MS })).toBe(false);
        expect(await store.get(job.executionId)).toEqual(before);
      });

      test('says no before the claim and after the end', async () => {
        const job = await created();
        expect(await store.renew(job.executionId, { attempt: 0, nowMs: T0, leaseMs: LEASE_MS })).toBe(false);
        await claimed(job.executionId);
        await settled(job.executionId, 1);
        expect(await store.renew(job.executionId, { attempt: 1, nowMs: T0, leaseMs: LEASE_MS })).toBe(false);
      });
    });

    describe('settle', () => {
      test('ends the job with all that is known', async () => {
        const job = await created();
        await claimed(job.executionId, T0 + 5);
        const outcome = anOutcome({
          verdict: 'compile_error',
          step: 'compile',
          exitCode: 1,
          error: 'main.c:1: \u{1F600}',
          outputPath: 'artifact:///outputs/x/1/combined.txt',
          compile: {
            verdict: 'compile_error',
            exitCode: 1,
            signal: null,
            output: 'e'.repeat(64 * 1024),
            truncated: true,
            wallTimeMs: 30,
            cpuTimeMs: 28,
            memoryBytes: 1,
          },
        });
        const finalJob = {
          ...job,
          attempt: 1,
          status: 'failed',
          startedAtMs: T0 + 5,
          updatedAtMs: T0 + 900,
          completedAtMs: T0 + 900,
          outcome,
        };
        expect(await store.settle(job.executionId, { attempt: 1, nowMs: T0 + 900, outcome })).toEqual({
          kind: 'finished',
          job: finalJob,
        });
        expect(await store.get(job.executionId)).toEqual(finalJob);
      });

      test('happens once: of 20 at once one finishes and its outcome stands', async () => {
        const job = await created();
        await claimed(job.executionId);
        const results = await Promise.all(
          Array.from({ length: 20 }, (_, exitCode) =>
            store.settle(job.executionId, { attempt: 1, nowMs: T0 + exitCode, outcome: anOutcome({ exitCode }) }),
          ),
        );
        expect(kinds(results)).toEqual([...Array<string>(19).fill('final'), 'finished']);
        const winner = results.find((result) => result.kind === 'finished');
        for (const result of results) expect(result).toMatchObject({ job: winner?.job });
        expect(await store.get(job.executionId)).toEqual(winner?.job);
      });

      test('of an old attempt writes nothing, and the new one still can', async () => {
        const job = await created();
        await claimed(job.executionId);
        await claimed(job.executionId, T0 + LEASE_MS, 'w2');
        const before = await store.get(job.executionId);
        expect(await settled(job.executionId, 1, T0 + LEASE_MS + 1)).toEqual({ kind: 'refused', job: before });
        expect(await store.get(job.executionId)).toEqual(before);
        expect((await settled(job.executionId, 2, T0 + LEASE_MS + 2)).kind).toBe('finished');
      });

      test('after the lease is over counts while nobody else has claimed', async () => {
        const job = await created();
        await claimed(job.executionId);
        expect((await settled(job.executionId, 1, T0 + 5 * LEASE_MS)).kind).toBe('finished');
      });

      test('and a claim at once: one of them wins, never both', async () => {
        const job = await created();
        await claimed(job.executionId);
        const late = T0 + LEASE_MS;
        const [settle, claim] = await Promise.all([
          settled(job.executionId, 1, late),
          claimed(job.executionId, late, 'w2'),
        ]);
        expect([settle.kind, claim.kind]).toBeOneOf([
          ['finished', 'final'],
          ['refused', 'claimed'],
        ]);
      });

      test('needs a claim', async () => {
        const job = await created();
        expect(await settled(job.executionId, 0)).toEqual({ kind: 'refused', job });
        expect(await store.get(job.executionId)).toEqual(job);
      });

      test('of a deleted job finds nothing and brings nothing back', async () => {
        const job = await created();
        await claimed(job.executionId);
        expect(await store.delete(job.executionId)).toBe(true);
        expect(await settled(job.executionId, 1)).toEqual({ kind: 'not_found' });
        expect(await store.renew(job.executionId, { attempt: 1, nowMs: T0, leaseMs: LEASE_MS })).toBe(false);
        expect(await store.get(job.executionId)).toBeNull();
        expect(await store.getSource(job.executionId)).toBeNull();
        expect(await store.delete(job.executionId)).toBe(false);
      });
    });

    describe('giveUp', () => {
      const cancelled = { nowMs: T0 + 7, outcome: emptyOutcome('cancelled', 'Cancelled.') };

      test('ends a queued job that never ran', async () => {
        const job = await created();
        expect(await store.giveUp(job.executionId, cancelled)).toMatchObject({
          kind: 'finished',
          job: { status: 'cancelled', startedAtMs: null, completedAtMs: T0 + 7, attempt: 0 },
        });
      });

      test('leaves a job with a live lease to its worker', async () => {
        const job = await created();
        await claimed(job.executionId);
        const before = await store.get(job.executionId);
        expect(await store.giveUp(job.executionId, cancelled)).toEqual({ kind: 'refused', job: before });
        expect(await store.get(job.executionId)).toEqual(before);
      });

      test('does not touch a final job', async () => {
        const job = await created();
        await claimed(job.executionId);
        await settled(job.executionId, 1);
        expect(await store.giveUp(job.executionId, { ...cancelled, nowMs: T0 + 9 * LEASE_MS })).toMatchObject({
          kind: 'final',
          job: { status: 'completed' },
        });
      });

      test('and a late settle at once: exactly one final result', async () => {
        const job = await created();
        await claimed(job.executionId);
        const late = T0 + LEASE_MS;
        const results = await Promise.all([
          settled(job.executionId, 1, late),
          store.giveUp(job.executionId, { nowMs: late, outcome: emptyOutcome('internal_error', 'x') }),
        ]);
        expect(kinds(results)).toEqual(['final', 'finished']);
      });
    });

    describe('lists', () => {
      test('stale: open jobs not written since, oldest first', async () => {
        const jobs = [];
        for (const ageMs of [3000, 1000, 5000, 4000, 2000]) jobs.push(await created({ createdAtMs: T0 - ageMs }));
        const [age3, age1, age5, age4] = jobs.map((job) => job.executionId) as [string, string, string, string];
        await claimed(age4, T0 - 4000);
        await claimed(age3, T0 - 3000);
        await settled(age3, 1, T0 - 3000);
        expect((await store.listStale({ beforeMs: T0 - 1000, limit: 10 })).map((job) => job.executionId)).toEqual([
          age5,
          age4,
          jobs[4]?.executionId,
        ]);
        expect((await store.listStale({ beforeMs: T0, limit: 10 })).at(-1)?.executionId).toBe(age1);
        expect(await store.listStale({ beforeMs: T0, limit: 2 })).toHaveLength(2);
      });

      test('stale: a renewal makes a job fresh', async () => {
        const job = await created();
        await claimed(job.executionId);
        await store.renew(job.executionId, { attempt: 1, nowMs: T0 + 15_000, leaseMs: LEASE_MS });
        expect(await store.listStale({ beforeMs: T0 + 15_000, limit: 10 })).toEqual([]);
      });

      test('expired: jobs of any status whose time has come, oldest first', async () => {
        const later = await created({ expiresAtMs: T0 + 300 });
        const first = await created({ expiresAtMs: T0 + 100 });
        const second = await created({ expiresAtMs: T0 + 200 });
        await claimed(second.executionId);
        await settled(second.executionId, 1, T0 + 50);
        const { forgetting } = harness;
        let kept = [first, second, later].map((job) => job.executionId);
        const idsAt = async (nowMs: number, limit = 10) => {
          if (forgetting === undefined) {
            return (await store.listExpired({ nowMs, limit })).map((job) => job.executionId);
          }
          forgetting.setNowMs(nowMs);
          const jobs = await Promise.all(kept.map((executionId) => store.get(executionId)));
          return kept.filter((_, index) => jobs[index] === null).slice(0, limit);
        };
        expect(await idsAt(T0 + 99)).toEqual([]);
        expect(await idsAt(T0 + 200)).toEqual([first.executionId, second.executionId]);
        expect(await idsAt(T0 + 300, 1)).toEqual([first.executionId]);
        await store.delete(first.executionId);
        kept = kept.slice(1);
        expect(await idsAt(T0 + 300)).toEqual([second.executionId, later.executionId]);
      });
    });

    test('ping answers', async () => {
      await expect(store.ping()).resolves.toBeUndefined();
    });

    test('follows the life cycle through random histories', async () => {
      await expect(historiesOf(store)).resolves.toBeUndefined();
    });
  });
}
