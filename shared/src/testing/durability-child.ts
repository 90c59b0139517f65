/** Child of `durability.contract.ts`: creates, sends, claims, stores and settles jobs in a folder, telling each step once it is done. */
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { FilesystemArtifactStore } from '../adapters/filesystem/index.ts';
import { systemClock } from '../adapters/in-process/index.ts';
import { SqliteArtifactStore, SqliteDatabase, SqliteJobQueue, SqliteJobStore } from '../adapters/sqlite/index.ts';
import { LEASE_MS, newExecutionId, outputKey } from '../domain/index.ts';
import { aJobSource, anOutcome, aQueuedJob } from './job-builders.ts';

const folder = process.argv[2] ?? '';
const database = SqliteDatabase.open(join(folder, 'runyard.db'));
const store = new SqliteJobStore(database);
const queue = new SqliteJobQueue(database, { clock: systemClock });
const artifacts = new SqliteArtifactStore(
  database,
  new FilesystemArtifactStore({
    directory: join(folder, 'artifacts'),
    secret: Buffer.alloc(32),
    publicBaseUrl: () => 'http://127.0.0.1',
    clock: systemClock,
  }),
);

function tell(line: string): void {
  writeSync(1, `${line}\n`);
}

for (let count = 0; ; count += 1) {
  const executionId = newExecutionId(0);
  const nowMs = Date.now();
  await store.create(aQueuedJob({ executionId, createdAtMs: nowMs }), aJobSource({ code: `print("${executionId}")` }));
  tell(`created ${executionId}`);
  await queue.send({ executionId, language: 'python' });
  const [delivery] = await queue.receive({
    languages: ['python'],
    maxMessages: 1,
    waitMs: 0,
    visibilityMs: LEASE_MS,
  });
  if (delivery === undefined) continue;
  const id = delivery.message.executionId;
  const claim = await store.claim(id, { worker: 'w', nowMs, leaseMs: LEASE_MS });
  if (claim.kind === 'claimed') {
    const { attempt } = claim.job;
    // Every eighth output is too large for a row.
    const body = Buffer.from(`${id}\n${'x'.repeat(count % 8 === 0 ? 20_000 : 10)}`);
    const outputPath = await artifacts.put(outputKey(id, attempt, 'combined'), body, { contentType: 'text/plain' });
    await store.settle(id, { attempt, nowMs, outcome: anOutcome({ outputPath }) });
    tell(`settled ${id} ${outputPath}`);
  }
  await queue.delete(delivery.receipt);
}
