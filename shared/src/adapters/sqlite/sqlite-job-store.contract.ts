import { expect, test } from 'vitest';
import { LEASE_MS } from '../../domain/index.ts';
import { aJobSource, aQueuedJob, jobStoreContract, TemporaryFolder } from '../../testing/index.ts';
import { SqliteDatabase, SqliteJobStore } from './index.ts';

jobStoreContract('SQLite', async () => {
  const folder = new TemporaryFolder();
  const database = SqliteDatabase.open(folder.join('jobs.db'));
  return {
    store: new SqliteJobStore(database),
    async dispose() {
      database.close();
      folder[Symbol.dispose]();
    },
  };
});

test('jobs are there after a restart, and voided leases may be claimed at once', async () => {
  using folder = new TemporaryFolder();
  const path = folder.join('jobs.db');
  const [running, queued] = [aQueuedJob(), aQueuedJob()];
  const nowMs = running.createdAtMs;
  {
    using database = SqliteDatabase.open(path);
    const store = new SqliteJobStore(database);
    for (const job of [running, queued]) await store.create(job, aJobSource());
    await store.claim(running.executionId, { worker: 'old', nowMs, leaseMs: LEASE_MS });
  }
  using database = SqliteDatabase.open(path);
  const store = new SqliteJobStore(database);
  const claim = { worker: 'new', nowMs: nowMs + 10, leaseMs: LEASE_MS };
  expect((await store.claim(running.executionId, claim)).kind).toBe('leased');
  expect(await store.voidLeases(nowMs + 10)).toBe(1);
  expect(await store.voidLeases(nowMs + 10)).toBe(0);
  expect(await store.claim(running.executionId, claim)).toMatchObject({ kind: 'claimed', job: { attempt: 2 } });
  expect(await store.get(queued.executionId)).toEqual(queued);
});

test('a closed database is a dependency that does not answer', async () => {
  using folder = new TemporaryFolder();
  const database = SqliteDatabase.open(folder.join('jobs.db'));
  const store = new SqliteJobStore(database);
  database.close();
  const failure = { code: 'dependency_unavailable', isRetryable: true, message: 'The database does not answer.' };
  await expect(store.create(aQueuedJob(), aJobSource())).rejects.toMatchObject(failure);
  await expect(store.get('x')).rejects.toMatchObject(failure);
  await expect(store.ping()).rejects.toMatchObject(failure);
});
