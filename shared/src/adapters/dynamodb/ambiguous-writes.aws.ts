import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { emptyOutcome, LEASE_MS, sourceItemKey } from '../../domain/index.ts';
import { aJobSource, anOutcome, aQueuedJob } from '../../testing/index.ts';
import { CuttingProxy } from './testing/cutting-proxy.ts';
import { newClient, type TestTable, useTable } from './testing/table.ts';

const T0 = Date.UTC(2026, 0, 1);

/** The first try is carried out, its answer is lost, and the SDK sends the request again. */
describe('a write whose answer was lost', () => {
  let table: TestTable;
  let proxy: CuttingProxy;
  let client: ReturnType<typeof newClient>;
  beforeEach(async () => {
    table = await useTable();
    proxy = await CuttingProxy.start();
    client = newClient(proxy.endpoint);
  });
  afterEach(async () => {
    client.destroy();
    await proxy[Symbol.asyncDispose]();
    await table.dispose();
  });

  const created = async () => {
    const job = aQueuedJob();
    await table.store().create(job, aJobSource());
    return job;
  };
  const claim = { worker: 'w1', nowMs: T0, leaseMs: LEASE_MS };
  const wasRepeated = (operation: string, times: number) =>
    expect([proxy.hasCut, proxy.operations.filter((name) => name === operation).length]).toEqual([true, times]);

  test.each([
    ['source', 0],
    ['record', 1],
  ])('create: the %s is recognised, and the job is new', async (_name, skip) => {
    proxy.cutNext('PutItem', { skip });
    const job = aQueuedJob();
    expect(await table.store(client).create(job, aJobSource())).toEqual({ kind: 'created', job });
    expect(await table.store().getSource(job.executionId)).toEqual(aJobSource());
    wasRepeated('PutItem', 3);
  });

  test('create: a replay stays one', async () => {
    const job = await created();
    proxy.cutNext('PutItem');
    expect(await table.store(client).create(job, aJobSource())).toEqual({ kind: 'replayed', job });
  });

  test('claim: is ours and counts one attempt', async () => {
    const { executionId } = await created();
    proxy.cutNext('UpdateItem');
    const store = table.store(client);
    expect(await store.claim(executionId, claim)).toMatchObject({ kind: 'claimed', job: { attempt: 1, worker: 'w1' } });
    expect(await store.get(executionId)).toMatchObject({ attempt: 1, leaseUntilMs: T0 + LEASE_MS });
    wasRepeated('UpdateItem', 2);
  });

  test('claim: another one by the same worker in the same moment is not taken for ours', async () => {
    const { executionId } = await created();
    await table.store().claim(executionId, claim);
    proxy.cutNext('UpdateItem');
    expect((await table.store(client).claim(executionId, claim)).kind).toBe('leased');
  });

  test('claim: of an expired lease', async () => {
    const { executionId } = await created();
    await table.store().claim(executionId, claim);
    proxy.cutNext('UpdateItem', { skip: 1 });
    const late = { worker: 'w2', nowMs: T0 + LEASE_MS, leaseMs: LEASE_MS };
    expect(await table.store(client).claim(executionId, late)).toMatchObject({ kind: 'claimed', job: { attempt: 2 } });
    wasRepeated('UpdateItem', 3);
  });

  test('settle: has finished the job, and says so', async () => {
    const { executionId } = await created();
    await table.store().claim(executionId, claim);
    proxy.cutNext('UpdateItem');
    const end = { attempt: 1, nowMs: T0 + 5, outcome: anOutcome({ exitCode: 3 }) };
    const result = await table.store(client).settle(executionId, end);
    expect(result).toMatchObject({ kind: 'finished', job: { outcome: { exitCode: 3 } } });
    expect(await table.store().get(executionId)).toEqual(result.kind === 'finished' ? result.job : null);
    wasRepeated('UpdateItem', 2);
  });

  test('settle: that every try lost can be called again and finds its own outcome', async () => {
    const { executionId } = await created();
    await table.store().claim(executionId, claim);
    const store = table.store(client);
    const end = { attempt: 1, nowMs: T0 + 5, outcome: anOutcome({ exitCode: 3 }) };
    proxy.cutNext('UpdateItem', { times: 3 });
    await expect(store.settle(executionId, end)).rejects.toMatchObject({
      code: 'dependency_unavailable',
      isRetryable: true,
    });
    expect(await store.settle(executionId, end)).toMatchObject({ kind: 'final', job: { outcome: { exitCode: 3 } } });
  });

  test('renew: still holds', async () => {
    const { executionId } = await created();
    await table.store().claim(executionId, claim);
    proxy.cutNext('UpdateItem');
    const lease = { attempt: 1, nowMs: T0 + 15_000, leaseMs: LEASE_MS };
    expect(await table.store(client).renew(executionId, lease)).toBe(true);
    wasRepeated('UpdateItem', 2);
  });

  test('giveUp: has finished the job', async () => {
    const { executionId } = await created();
    proxy.cutNext('UpdateItem');
    const end = { nowMs: T0, outcome: emptyOutcome('cancelled', 'x') };
    expect(await table.store(client).giveUp(executionId, end)).toMatchObject({ kind: 'finished' });
    wasRepeated('UpdateItem', 2);
  });

  test('takeResend: counts once', async () => {
    const { executionId } = await created();
    proxy.cutNext('UpdateItem');
    const rule = { nowMs: T0 + 60_000, pauseMs: 1000 };
    expect(await table.store(client).takeResend(executionId, rule)).toBe(1);
    wasRepeated('UpdateItem', 2);
    expect(await table.store().takeResend(executionId, { ...rule, nowMs: T0 + 61_000 })).toBe(2);
  });

  test('delete: it was there', async () => {
    const { executionId } = await created();
    proxy.cutNext('DeleteItem');
    expect(await table.store(client).delete(executionId)).toBe(true);
    expect(await table.store().get(executionId)).toBeNull();
    expect(await table.store().get(sourceItemKey(executionId))).toBeNull();
    expect(await table.store(client).delete(executionId)).toBe(false);
  });
});
