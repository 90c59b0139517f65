import { expect, test } from 'vitest';
import { systemClock } from '../in-process/index.ts';
import { jobQueueContract, ManualClock, TemporaryFolder } from '../../testing/index.ts';
import { SqliteDatabase, SqliteJobQueue } from './index.ts';

jobQueueContract('SQLite', async () => {
  const folder = new TemporaryFolder();
  const database = SqliteDatabase.open(folder.join('jobs.db'));
  const clock = new ManualClock();
  return {
    queue: new SqliteJobQueue(database, { clock }),
    visibilityMs: 30_000,
    async passMs(ms) {
      clock.advance(ms);
    },
    async dispose() {
      database.close();
      folder[Symbol.dispose]();
    },
  };
});

const PYTHON = { languages: ['python'], maxMessages: 10, visibilityMs: 30_000 };

test('a long poll ends by itself when a message becomes visible again', async () => {
  using folder = new TemporaryFolder();
  using database = SqliteDatabase.open(folder.join('jobs.db'));
  const queue = new SqliteJobQueue(database, { clock: systemClock });
  await queue.send({ executionId: 'a', language: 'python' });
  await queue.receive({ ...PYTHON, waitMs: 0, visibilityMs: 50 });
  const startMs = performance.now();
  expect(await queue.receive({ ...PYTHON, waitMs: 10_000 })).toMatchObject([{ receiveCount: 2 }]);
  expect(performance.now() - startMs).toBeLessThan(5_000);
});

test('a long poll ends when a delay or a shortened visibility is over', async () => {
  using folder = new TemporaryFolder();
  using database = SqliteDatabase.open(folder.join('jobs.db'));
  const queue = new SqliteJobQueue(database, { clock: systemClock });
  const delayed = queue.receive({ ...PYTHON, waitMs: 10_000 });
  await queue.send({ executionId: 'a', language: 'python' }, { delayMs: 30 });
  const [first] = await delayed;
  const again = queue.receive({ ...PYTHON, waitMs: 10_000 });
  await queue.setVisibility(first?.receipt ?? '', 30);
  expect(await again).toMatchObject([{ receiveCount: 2 }]);
});

test('who waits longest is served first', async () => {
  using folder = new TemporaryFolder();
  using database = SqliteDatabase.open(folder.join('jobs.db'));
  const queue = new SqliteJobQueue(database, { clock: new ManualClock() });
  const order: number[] = [];
  const waiting = [0, 1, 2].map(async (index) => {
    await queue.receive({ ...PYTHON, maxMessages: 1, waitMs: 10_000 });
    order.push(index);
  });
  for (const executionId of ['a', 'b', 'c']) await queue.send({ executionId, language: 'python' });
  await Promise.all(waiting);
  expect(order).toEqual([0, 1, 2]);
});

test('messages come in the order of becoming visible, over all languages', async () => {
  using folder = new TemporaryFolder();
  using database = SqliteDatabase.open(folder.join('jobs.db'));
  const clock = new ManualClock();
  const queue = new SqliteJobQueue(database, { clock });
  await queue.send({ executionId: 'delayed', language: 'python' }, { delayMs: 100 });
  for (const [executionId, language] of Object.entries({ a: 'c', b: 'python', d: 'python', e: 'c' })) {
    await queue.send({ executionId, language });
    clock.advance(1);
  }
  clock.advance(100);
  const deliveries = await queue.receive({ ...PYTHON, languages: ['python', 'c'], maxMessages: 3, waitMs: 0 });
  expect(deliveries.map((delivery) => delivery.message.executionId)).toEqual(['a', 'b', 'd']);
});

test('after a restart nothing stays in flight, and the oldest comes first', async () => {
  using folder = new TemporaryFolder();
  const path = folder.join('jobs.db');
  const clock = new ManualClock();
  {
    using database = SqliteDatabase.open(path);
    const queue = new SqliteJobQueue(database, { clock });
    await queue.send({ executionId: 'held', language: 'python' });
    await queue.receive({ ...PYTHON, waitMs: 0 });
    clock.advance(10);
    await queue.send({ executionId: 'later', language: 'python' });
    clock.advance(10);
  }
  using database = SqliteDatabase.open(path);
  const queue = new SqliteJobQueue(database, { clock });
  await queue.makeAllVisible();
  expect(await queue.receive({ ...PYTHON, waitMs: 0 })).toMatchObject([
    { message: { executionId: 'held' }, receiveCount: 2 },
    { message: { executionId: 'later' }, receiveCount: 1 },
  ]);
  expect(await queue.depth(['python'])).toBe(2);
});

test('a clock that is set back holds no message back', async () => {
  using folder = new TemporaryFolder();
  using database = SqliteDatabase.open(folder.join('jobs.db'));
  const clock = new ManualClock();
  const queue = new SqliteJobQueue(database, { clock });
  for (const executionId of ['held', 'waiting']) await queue.send({ executionId, language: 'python' });
  await queue.receive({ ...PYTHON, maxMessages: 1, waitMs: 0 });
  clock.advance(-3_600_000);
  await queue.send({ executionId: 'later', language: 'python' });
  const received = async () =>
    (await queue.receive({ ...PYTHON, waitMs: 0 })).map(({ message }) => message.executionId);
  expect(await received()).toEqual(['waiting', 'later']);
  clock.advance(29_999);
  expect(await received()).toEqual([]);
  clock.advance(1);
  expect(await received()).toEqual(['held', 'waiting', 'later']);
});

test('a waiting receive fails when the database goes, and does not hang', async () => {
  using folder = new TemporaryFolder();
  const database = SqliteDatabase.open(folder.join('jobs.db'));
  const queue = new SqliteJobQueue(database, { clock: systemClock });
  await queue.send({ executionId: 'a', language: 'python' });
  await queue.receive({ ...PYTHON, waitMs: 0, visibilityMs: 30 });
  const waiting = queue.receive({ ...PYTHON, waitMs: 10_000 });
  database.close();
  await expect(waiting).rejects.toMatchObject({ code: 'dependency_unavailable' });
});
