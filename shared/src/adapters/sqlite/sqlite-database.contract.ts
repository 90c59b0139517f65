import { statSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { StartupError } from '../../errors/index.ts';
import { TemporaryFolder } from '../../testing/index.ts';
import { SqliteDatabase } from './index.ts';

test('a transaction that fails leaves nothing, and the next one works', () => {
  using folder = new TemporaryFolder();
  using database = SqliteDatabase.open(folder.join('jobs.db'));
  const insert = database.prepare('INSERT INTO artifacts (key, body) VALUES (?, ?)');
  const count = database.prepare('SELECT count(*) AS n FROM artifacts');
  expect(() =>
    database.write('quick', () => {
      insert.run('a', Buffer.from('x'));
      throw new Error('no');
    }),
  ).toThrow('The database does not answer.');
  expect(count.get()).toEqual({ n: 0 });
  database.write('durable', () => insert.run('a', Buffer.from('x')));
  expect(count.get()).toEqual({ n: 1 });
});

test('a full disk is told by name, and the next write works when there is room', () => {
  using folder = new TemporaryFolder();
  using database = SqliteDatabase.open(folder.join('jobs.db'));
  const insert = database.prepare('INSERT INTO artifacts (key, body) VALUES (?, ?)');
  database.prepare('PRAGMA max_page_count = 1').get();
  expect(() => database.write('quick', () => insert.run('a', Buffer.alloc(1_000_000)))).toThrow(
    expect.objectContaining({ code: 'dependency_unavailable', message: 'The disk that the database is on is full.' }),
  );
  database.prepare('PRAGMA max_page_count = 1000000').get();
  database.write('quick', () => insert.run('a', Buffer.alloc(1_000_000)));
});

test('durable writes sync the log, quick ones do not', () => {
  using folder = new TemporaryFolder();
  using database = SqliteDatabase.open(folder.join('jobs.db'));
  const synchronous = database.prepare('PRAGMA synchronous');
  const FULL = 2;
  const NORMAL = 1;
  for (const [durability, mode] of [
    ['durable', FULL],
    ['quick', NORMAL],
    ['durable', FULL],
  ] as const) {
    database.write(durability, () => undefined);
    expect(synchronous.get()).toEqual({ synchronous: mode });
  }
});

test('only the owner may read the files', () => {
  using folder = new TemporaryFolder();
  using database = SqliteDatabase.open(folder.join('jobs.db'));
  database.write('quick', () => database.prepare("INSERT INTO artifacts (key, body) VALUES ('a', x'00')").run());
  const names = ['jobs.db', 'jobs.db-wal', 'jobs.db-shm'];
  expect(names.map((name) => statSync(folder.join(name)).mode & 0o777)).toEqual([0o600, 0o600, 0o600]);
});

test('refuses a database of a newer version and leaves it alone', () => {
  using folder = new TemporaryFolder();
  const path = folder.join('jobs.db');
  SqliteDatabase.open(path).close();
  using raw = new DatabaseSync(path);
  raw.exec('PRAGMA user_version = 999');
  expect(() => SqliteDatabase.open(path)).toThrow(StartupError);
  expect(raw.prepare('PRAGMA user_version').get()).toEqual({ user_version: 999 });
});

test('refuses what is no database, and what has no write-ahead log', () => {
  using folder = new TemporaryFolder();
  writeFileSync(folder.join('text'), 'this is not a database, by far not one at all');
  expect(() => SqliteDatabase.open(folder.join('text'))).toThrow(StartupError);
  expect(() => SqliteDatabase.open(folder.join('no', 'such', 'folder'))).toThrow(StartupError);
  expect(() => SqliteDatabase.open(':memory:')).toThrow(/write-ahead logging|cannot be opened/);
});
