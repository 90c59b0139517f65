import { GetItemCommand, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type JobSource, sourceItemKey, sourceKey } from '../../domain/index.ts';
import { DependencyUnavailableError } from '../../errors/index.ts';
import { aJobSource, anOutcome, aQueuedJob } from '../../testing/index.ts';
import { DynamoJobStore } from './index.ts';
import { keyOf, toItem } from './job-item.ts';
import { type TestTable, useTable } from './testing/table.ts';

const T0 = Date.UTC(2026, 0, 1);

/** Text that no compressor shortens: 6 bits in each character. */
function dense(length: number): string {
  let state = 1;
  return Array.from({ length }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-'.charAt(state >>> 26);
  }).join('');
}

describe('sources', () => {
  let table: TestTable;
  beforeEach(async () => {
    table = await useTable();
  });
  afterEach(() => table.dispose());

  const item = async (key: string) =>
    (await table.client.send(new GetItemCommand({ TableName: table.name, Key: keyOf(key), ConsistentRead: true })))
      .Item;
  const keys = async () => {
    const { Items } = await table.client.send(new ScanCommand({ TableName: table.name, ConsistentRead: true }));
    return (Items ?? []).map((found) => found['executionId']?.S ?? '').toSorted();
  };
  const created = async (source: JobSource, job = aQueuedJob()) => {
    await table.store().create(job, source);
    return job.executionId;
  };

  test.each([
    ['tiny', aJobSource()],
    ['a program', aJobSource({ code: 'for i in range(10):\n    print(i)\n'.repeat(300) })],
    ['at the bound', aJobSource({ code: dense(10_000) })],
    ['many short words', aJobSource({ code: 'x '.repeat(60_000) })],
  ])('%s: lies beside the job', async (_name, source) => {
    const executionId = await created(source);
    expect(await keys()).toEqual([executionId, sourceItemKey(executionId)].toSorted());
    expect((await item(sourceItemKey(executionId)))?.['body']?.B?.length).toBeLessThanOrEqual(8000);
    expect(await table.store().getSource(executionId)).toEqual(source);
  });

  test.each([
    ['just above the bound', aJobSource({ code: dense(11_000) })],
    ['one mebibyte of input', aJobSource({ input: '\u{1F600}'.repeat(256 * 1024) })],
    ['short words, but too many', aJobSource({ code: 'x '.repeat(100_000) })],
  ])('%s: is an object, which the job names', async (_name, source) => {
    const executionId = await created(source);
    expect(await keys()).toEqual([executionId]);
    expect((await item(executionId))?.['sourcePath']?.S).toContain(`${sourceKey(executionId)}/`);
    expect(await table.store().getSource(executionId)).toEqual(source);
  });

  test.each([
    ['item', aJobSource()],
    ['object', aJobSource({ code: dense(11_000) })],
  ])('delete removes the %s as well, of running and of final jobs', async (_name, source) => {
    const store = table.store();
    for (const isFinal of [false, true]) {
      const executionId = await created(source);
      const path = (await item(executionId))?.['sourcePath']?.S;
      await store.claim(executionId, { worker: 'w', nowMs: T0, leaseMs: 1000 });
      if (isFinal) await store.settle(executionId, { attempt: 1, nowMs: T0, outcome: anOutcome() });
      expect(await store.delete(executionId)).toBe(true);
      expect(await keys()).toEqual([]);
      expect(await table.objects.get(path ?? 'artifact:///none')).toBeNull();
    }
  });

  test.each([
    ['items', (name: string) => aJobSource({ code: name })],
    ['objects', (name: string) => aJobSource({ code: name + dense(11_000) })],
  ])('of two bodies under one id at once, the job has its own: %s', async (_name, sourceOf) => {
    for (let round = 0; round < 10; round += 1) {
      const job = aQueuedJob();
      const bodies = ['a', 'b', 'c', 'd'].map((name) => ({ name, hash: name.repeat(64) }));
      const results = await Promise.all(
        bodies.map(({ name, hash }) => table.store().create({ ...job, requestHash: hash }, sourceOf(name))),
      );
      expect(results.map((result) => result.kind).toSorted()).toEqual(['created', 'mismatch', 'mismatch', 'mismatch']);
      const winner = bodies[results.findIndex((result) => result.kind === 'created')];
      expect((await table.store().getSource(job.executionId))?.code.charAt(0)).toBe(winner?.name);
      await table.store().delete(job.executionId);
      expect(await keys()).toEqual([]);
    }
  });

  test('what a crash left between source and job does not become the source of a later job', async () => {
    const job = aQueuedJob();
    const left = {
      executionId: sourceItemKey(job.executionId),
      sourceToken: 'crashed',
      expiresAt: 1,
      body: Buffer.from('{'),
    };
    await table.client.send(new PutItemCommand({ TableName: table.name, Item: toItem(left) }));
    expect(await table.store().getSource(job.executionId)).toBeNull();
    await created(aJobSource({ code: 'mine' }), job);
    expect((await table.store().getSource(job.executionId))?.code).toBe('mine');
    await table.store().delete(job.executionId);
    expect(await keys()).toEqual([sourceItemKey(job.executionId)]);
  });

  test('a job is never without its source: when that cannot be written, there is no job', async () => {
    const job = aQueuedJob();
    const sources = Object.create(table.objects) as typeof table.objects;
    sources.put = async () => Promise.reject(new DependencyUnavailableError('down'));
    const store = new DynamoJobStore({ client: table.client, table: table.name, sources, clock: { nowMs: () => T0 } });
    await expect(store.create(job, aJobSource({ code: dense(11_000) }))).rejects.toMatchObject({
      code: 'dependency_unavailable',
    });
    expect(await keys()).toEqual([]);
  });

  test('source and job leave the table at the same time', async () => {
    const expiresAtMs = T0 + 1001;
    const executionId = await created(aJobSource(), aQueuedJob({ expiresAtMs }));
    for (const key of [executionId, sourceItemKey(executionId)]) {
      expect((await item(key))?.['expiresAt']?.N).toBe(String(T0 / 1000 + 2));
    }
  });
});
