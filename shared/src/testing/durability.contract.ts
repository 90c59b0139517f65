/**
 * What a process acknowledged is there after `kill -9`. A real child process writes jobs and settles them, telling each step only
 * after its promise resolved; it is killed at random moments, again and again on the same file.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { SqliteArtifactStore, SqliteDatabase, SqliteJobQueue, SqliteJobStore } from '../adapters/sqlite/index.ts';
import { FilesystemArtifactStore } from '../adapters/filesystem/index.ts';
import { systemClock } from '../adapters/in-process/index.ts';
import { TemporaryFolder } from './index.ts';

const ROUNDS = 12;
const publicBaseUrl = () => 'http://127.0.0.1';
const CHILD = fileURLToPath(new URL('./durability-child.ts', import.meta.url));

/** Runs the child until it is killed, at least one acknowledgement and up to 150 ms more. Returns its lines `<step> <id> …`. */
async function runAndKill(folder: string): Promise<readonly string[]> {
  const child = spawn(process.execPath, [CHILD, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout });
  reader.on('line', (line) => lines.push(line));
  const closed = once(reader, 'close');
  try {
    await Promise.race([once(reader, 'line'), closed]);
    await sleep(Math.random() * 150);
  } finally {
    child.kill('SIGKILL');
    await closed;
  }
  return lines;
}

/** What the children of all rounds said they had done: ids of created jobs, and ids of settled ones with their output path. */
async function acknowledgedOver(rounds: number, folder: string) {
  const created = new Set<string>();
  const settled = new Map<string, string>();
  for (let round = 0; round < rounds; round += 1) {
    const lines = await runAndKill(folder);
    if (lines.length === 0) throw new Error('the child did nothing before it was killed');
    for (const line of lines) {
      const [step, id = '', path = ''] = line.split(' ');
      if (step === 'created') created.add(id);
      if (step === 'settled') settled.set(id, path);
    }
  }
  return { created, settled };
}

test(`nothing acknowledged is lost over ${ROUNDS} kills`, async () => {
  using folder = new TemporaryFolder();
  const { created, settled } = await acknowledgedOver(ROUNDS, folder.path);
  using database = SqliteDatabase.open(folder.join('runyard.db'));
  const store = new SqliteJobStore(database);
  const queue = new SqliteJobQueue(database, { clock: systemClock });
  const secret = Buffer.alloc(32);
  const directory = folder.join('artifacts');
  const files = new FilesystemArtifactStore({ directory, secret, publicBaseUrl, clock: systemClock });
  const artifacts = new SqliteArtifactStore(database, files);
  expect(database.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
  for (const id of created) {
    expect((await store.get(id))?.executionId).toBe(id);
    expect((await store.getSource(id))?.code).toBe(`print("${id}")`);
  }
  for (const [id, path] of settled) {
    expect(await store.get(id)).toMatchObject({ status: 'completed', outcome: { outputPath: path } });
    expect(Buffer.from((await artifacts.get(path)) ?? '').toString('utf8', 0, 36)).toBe(id);
  }
  // A job that was sent and not settled still has its message.
  await queue.makeAllVisible();
  expect(await queue.depth(['python'])).toBe(
    Number(database.prepare('SELECT count(*) AS n FROM messages').get()?.['n']),
  );
  expect(settled.size).toBeGreaterThan(ROUNDS);
});
