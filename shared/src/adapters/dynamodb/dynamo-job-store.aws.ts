import { expect, test } from 'vitest';
import { aJobSource, aQueuedJob, jobStoreContract } from '../../testing/index.ts';
import { useTable } from './testing/table.ts';

jobStoreContract('DynamoDB', async () => {
  const table = await useTable();
  return {
    store: table.store(),
    forgetting: { setNowMs: table.setNowMs },
    dispose: () => table.dispose(),
  };
});

test('has no expired jobs to list: table and bucket remove them', async () => {
  const table = await useTable();
  const store = table.store();
  const job = aQueuedJob();
  await store.create(job, aJobSource());
  table.setNowMs(job.expiresAtMs);
  expect(await store.get(job.executionId)).toBeNull();
  expect(await store.listExpired()).toEqual([]);
  await table.dispose();
});
