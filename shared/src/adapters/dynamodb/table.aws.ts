import { DescribeTableCommand, DescribeTimeToLiveCommand, DeleteTableCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { aJobSource, anOutcome, aQueuedJob } from '../../testing/index.ts';
import { createTable, DynamoJobStore, DynamoLanguageFacts } from './index.ts';
import { newClient, type TestTable, useTable } from './testing/table.ts';

let table: TestTable;
beforeEach(async () => {
  table = await useTable();
});
afterEach(() => table.dispose());

test('the table is made once, however often and from however many places', async () => {
  const name = `${table.name}-again`;
  await Promise.all([createTable(table.client, name), createTable(table.client, name)]);
  await createTable(table.client, name);
  const { Table } = await table.client.send(new DescribeTableCommand({ TableName: name }));
  expect(
    Table?.GlobalSecondaryIndexes?.map((index) => [index.IndexName, index.Projection?.ProjectionType]).toSorted(),
  ).toEqual([
    ['byOwner', 'INCLUDE'],
    ['open', 'KEYS_ONLY'],
  ]);
  expect(Table?.KeySchema).toEqual([{ AttributeName: 'executionId', KeyType: 'HASH' }]);
  const ttl = await table.client.send(new DescribeTimeToLiveCommand({ TableName: name }));
  expect(ttl.TimeToLiveDescription).toMatchObject({ TimeToLiveStatus: 'ENABLED', AttributeName: 'expiresAt' });
  await table.client.send(new DeleteTableCommand({ TableName: name }));
});

function all(store: DynamoJobStore) {
  return {
    create: () => store.create(aQueuedJob(), aJobSource()),
    get: () => store.get('x'),
    getSource: () => store.getSource('x'),
    claim: () => store.claim('x', { worker: 'w', nowMs: 0, leaseMs: 1 }),
    renew: () => store.renew('x', { attempt: 1, nowMs: 0, leaseMs: 1 }),
    settle: () => store.settle('x', { attempt: 1, nowMs: 0, outcome: anOutcome() }),
    giveUp: () => store.giveUp('x', { nowMs: 0, outcome: anOutcome() }),
    delete: () => store.delete('x'),
    listStale: () => store.listStale({ beforeMs: 1, limit: 1 }),
    takeResend: () => store.takeResend('x', { nowMs: 0, pauseMs: 1 }),
    ping: () => store.ping(),
  };
}

describe('when DynamoDB', () => {
  const codes = async (store: DynamoJobStore) =>
    Promise.all(
      Object.entries(all(store)).map(async ([name, call]) => {
        const error: unknown = await call().then(
          () => 'no error',
          (thrown: unknown) => thrown,
        );
        return [name, (error as { name?: string }).name, (error as { isRetryable?: boolean }).isRetryable];
      }),
    );
  const names = Object.keys(all({} as DynamoJobStore));

  test('has no such table, every call says that waiting does not help', async () => {
    const { client, objects } = table;
    const store = new DynamoJobStore({ client, table: 'nowhere', sources: objects, clock: { nowMs: () => 0 } });
    expect(await codes(store)).toEqual(names.map((name) => [name, 'FatalDependencyError', true]));
  });

  test('is not there, every call says so and may be repeated', async () => {
    const client = newClient('http://127.0.0.1:9');
    const store = table.store(client);
    expect(await codes(store)).toEqual(names.map((name) => [name, 'DependencyUnavailableError', true]));
    client.destroy();
  });
});

test('what executors found out about their languages, newest word per language', async () => {
  const facts = new DynamoLanguageFacts({ client: table.client, table: table.name });
  expect(await facts.listLanguageVersions()).toEqual([]);
  const put = async (language: string, toolchain: string, nowMs: number) =>
    facts.putLanguageVersion({ language, toolchain, worker: 'w1', nowMs });
  await Promise.all([put('python', 'Python 3.13.5', 1), put('cpp', 'g++ (Debian 14.2.0) 14.2.0', 2)]);
  await put('python', 'Python 3.13.6', 3);
  expect(await facts.listLanguageVersions()).toEqual([
    { language: 'cpp', toolchain: 'g++ (Debian 14.2.0) 14.2.0', worker: 'w1', foundAtMs: 2 },
    { language: 'python', toolchain: 'Python 3.13.6', worker: 'w1', foundAtMs: 3 },
  ]);
  expect(await table.store().listStale({ beforeMs: 10, limit: 10 })).toEqual([]);
});
