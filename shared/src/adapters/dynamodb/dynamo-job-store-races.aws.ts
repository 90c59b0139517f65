import { GetItemCommand, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { emptyOutcome, LEASE_MS, type QueuedJob } from '../../domain/index.ts';
import { aJobSource, anOutcome, aQueuedJob } from '../../testing/index.ts';
import { BY_OWNER_INDEX, OPEN_INDEX, OPEN_SHARDS } from './index.ts';
import { type Item, keyOf, textOf, toItem } from './job-item.ts';
import { newClient, type TestTable, useTable } from './testing/table.ts';

const T0 = Date.UTC(2026, 0, 1);

describe('several stores over one table', () => {
  let table: TestTable;
  let clients: ReturnType<typeof newClient>[];
  beforeEach(async () => {
    table = await useTable();
    clients = [newClient(), newClient(), newClient()];
  });
  afterEach(async () => {
    for (const client of clients) client.destroy();
    await table.dispose();
  });

  const stores = () => clients.map((client) => table.store(client));
  const created = async (overrides: Partial<QueuedJob> = {}) => {
    const job = aQueuedJob({ createdAtMs: T0, ...overrides });
    await table.store().create(job, aJobSource());
    return job.executionId;
  };

  test('every one of 15 jobs has one claim, of 3 x 3 workers at once', async () => {
    const ids = await Promise.all(Array.from({ length: 15 }, async () => created()));
    const wins = await Promise.all(
      ids.map(async (id) => {
        const claims = stores().flatMap((store, index) =>
          [1, 2, 3].map(async (worker) =>
            store.claim(id, { worker: `${index}-${worker}`, nowMs: T0, leaseMs: LEASE_MS }),
          ),
        );
        return (await Promise.all(claims)).filter((result) => result.kind === 'claimed').length;
      }),
    );
    expect(wins).toEqual(ids.map(() => 1));
    const jobs = await Promise.all(ids.map(async (id) => table.store().get(id)));
    expect(jobs.map((job) => job?.attempt)).toEqual(ids.map(() => 1));
  });

  test('renewals, ends and takeovers at once leave one end, and the others know it', async () => {
    for (let round = 0; round < 10; round += 1) {
      const id = await created();
      const [one, two, three] = stores() as [
        ReturnType<TestTable['store']>,
        ReturnType<TestTable['store']>,
        ReturnType<TestTable['store']>,
      ];
      await one.claim(id, { worker: 'w1', nowMs: T0, leaseMs: LEASE_MS });
      const late = T0 + LEASE_MS;
      const [renewed, settled, taken, ended] = await Promise.all([
        one.renew(id, { attempt: 1, nowMs: late, leaseMs: LEASE_MS }),
        one.settle(id, { attempt: 1, nowMs: late, outcome: anOutcome() }),
        two.claim(id, { worker: 'w2', nowMs: late, leaseMs: LEASE_MS }),
        three.giveUp(id, { nowMs: late, outcome: emptyOutcome('internal_error', 'x') }),
      ]);
      const job = await one.get(id);
      const ends = [settled, ended].filter((result) => result.kind === 'finished');
      expect(ends.length).toBe(taken.kind === 'claimed' ? 0 : 1);
      expect(job?.status).toBe(
        taken.kind === 'claimed' ? 'running' : ends[0]?.kind === 'finished' ? ends[0].job.status : '',
      );
      // A renewal before the claim keeps that one out.
      expect([taken.kind, renewed]).not.toEqual(['claimed', true]);
    }
  });

  test.each(['claim', 'giveUp'] as const)(
    'a renewal between the look and the write of a %s keeps it out',
    async (name) => {
      const id = await created();
      const store = table.store();
      await store.claim(id, { worker: 'w1', nowMs: T0, leaseMs: LEASE_MS });
      const late = T0 + LEASE_MS;
      const [client] = clients as [ReturnType<typeof newClient>];
      const renewals: boolean[] = [];
      client.middlewareStack.add(
        (next, context) => async (args) => {
          // The claim's first write presumes a queued job; the next one rests on the record as it was seen, running.
          const values = (args.input as { ExpressionAttributeValues?: Item }).ExpressionAttributeValues;
          const isInformed = values?.[':old_status']?.S === 'running';
          if (context['commandName'] === 'UpdateItemCommand' && isInformed && renewals.length === 0) {
            renewals.push(await store.renew(id, { attempt: 1, nowMs: late, leaseMs: LEASE_MS }));
          }
          return next(args);
        },
        { step: 'initialize' },
      );
      const other = table.store(client);
      const result =
        name === 'claim'
          ? await other.claim(id, { worker: 'w2', nowMs: late, leaseMs: LEASE_MS })
          : await other.giveUp(id, { nowMs: late, outcome: emptyOutcome('internal_error', 'x') });
      expect([result.kind, renewals]).toEqual([name === 'claim' ? 'leased' : 'refused', [true]]);
      expect(await store.get(id)).toMatchObject({ status: 'running', attempt: 1, leaseUntilMs: late + LEASE_MS });
    },
  );

  test('of three sweepers one may send again, and the pause doubles', async () => {
    const id = await created();
    const take = async (nowMs: number) =>
      (await Promise.all(stores().map(async (store) => store.takeResend(id, { nowMs, pauseMs: 1000 })))).filter(
        (count) => count !== null,
      );
    expect(await take(T0 - 1)).toEqual([]);
    expect(await take(T0)).toEqual([1]);
    expect(await take(T0 + 999)).toEqual([]);
    expect(await take(T0 + 1000)).toEqual([2]);
    expect(await take(T0 + 2999)).toEqual([]);
    const listed = async (beforeMs: number) => table.store().listStale({ beforeMs, limit: 5 });
    expect(await listed(T0 + 3000)).toEqual([]);
    expect(await listed(T0 + 3001)).toHaveLength(1);
    // A claim starts the count anew; while its lease lives nobody sends.
    const { client } = table;
    await table.store(client).claim(id, { worker: 'w', nowMs: T0 + 4000, leaseMs: 500 });
    expect(await take(T0 + 4499)).toEqual([]);
    expect(await take(T0 + 4500)).toEqual([1]);
    await table.store().giveUp(id, { nowMs: T0 + 4500, outcome: emptyOutcome('cancelled', null) });
    expect(await take(T0 + 99_000)).toEqual([]);
    expect(await table.store().takeResend('unknown', { nowMs: T0, pauseMs: 1 })).toBeNull();
  });
});

describe('indexes', () => {
  let table: TestTable;
  beforeEach(async () => {
    table = await useTable();
  });
  afterEach(() => table.dispose());

  test('stale jobs come oldest first from all shards, in any number', async () => {
    const store = table.store();
    const jobs = Array.from({ length: 130 }, (_, index) => aQueuedJob({ createdAtMs: T0 + ((index * 37) % 130) }));
    await Promise.all(jobs.map(async (job) => store.create(job, aJobSource())));
    const expected = jobs.toSorted((left, right) => left.createdAtMs - right.createdAtMs).map((job) => job.executionId);
    const listed = async (limit: number, beforeMs = T0 + 1000) =>
      (await store.listStale({ beforeMs, limit })).map((job) => job.executionId);
    expect(await listed(1000)).toEqual(expected);
    expect(await listed(7)).toEqual(expected.slice(0, 7));
    expect(await listed(1000, T0 + 50)).toEqual(expected.slice(0, 50));
    expect(await listed(0)).toEqual([]);
  });

  test('an entry of the index that is behind its job is left out', async () => {
    const store = table.store();
    const [settled, deleted] = [aQueuedJob({ createdAtMs: T0 }), aQueuedJob({ createdAtMs: T0 })];
    for (const job of [settled, deleted]) await store.create(job, aJobSource());
    await store.giveUp(settled.executionId, { nowMs: T0, outcome: emptyOutcome('cancelled', null) });
    // As if the index had not yet heard of the end: a final job that still has the attributes.
    const read = new GetItemCommand({ TableName: table.name, Key: keyOf(settled.executionId) });
    const { Item } = await table.client.send(read);
    const behind = { ...Item, ...toItem({ openShard: 3, dueAtMs: T0 }) };
    await table.client.send(new PutItemCommand({ TableName: table.name, Item: behind }));
    await store.delete(deleted.executionId);
    expect(await store.listStale({ beforeMs: T0 + 1, limit: 10 })).toEqual([]);
  });

  test('a final job is in no shard', async () => {
    const store = table.store();
    const job = aQueuedJob();
    await store.create(job, aJobSource());
    const entries = async () => {
      const shards = Array.from({ length: OPEN_SHARDS }, async (_, shard) =>
        table.client.send(
          new QueryCommand({
            TableName: table.name,
            IndexName: OPEN_INDEX.name,
            KeyConditionExpression: 'openShard = :shard',
            ExpressionAttributeValues: toItem({ ':shard': shard }),
          }),
        ),
      );
      return (await Promise.all(shards)).flatMap(({ Items }) => Items ?? []);
    };
    expect((await entries()).map((item) => Object.keys(item).toSorted())).toEqual([
      ['dueAtMs', 'executionId', 'openShard'],
    ]);
    await store.claim(job.executionId, { worker: 'w', nowMs: T0, leaseMs: LEASE_MS });
    expect(await entries()).toHaveLength(1);
    await store.settle(job.executionId, { attempt: 1, nowMs: T0, outcome: anOutcome() });
    expect(await entries()).toEqual([]);
  });

  test("an owner's jobs are found by age; those of nobody are not indexed", async () => {
    const store = table.store();
    const mine = [T0 + 2, T0 + 1].map((createdAtMs) => aQueuedJob({ ownerId: 'me', createdAtMs }));
    for (const job of [...mine, aQueuedJob({ ownerId: 'other' }), aQueuedJob()]) await store.create(job, aJobSource());
    const of = async (ownerId: string) => {
      const { Items } = await table.client.send(
        new QueryCommand({
          TableName: table.name,
          IndexName: BY_OWNER_INDEX.name,
          KeyConditionExpression: 'ownerId = :owner',
          ExpressionAttributeValues: toItem({ ':owner': ownerId }),
        }),
      );
      return Items ?? [];
    };
    const found = await of('me');
    expect(found.map((item) => textOf(item, 'executionId'))).toEqual([mine[1]?.executionId, mine[0]?.executionId]);
    expect(Object.keys(found[0] ?? {}).toSorted()).toEqual(['createdAtMs', 'executionId', 'language', 'ownerId']);
    expect(await of('anonymous')).toEqual([]);
  });
});
