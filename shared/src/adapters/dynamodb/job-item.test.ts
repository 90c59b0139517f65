import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  emptyOutcome,
  type Job,
  JOB_STATUSES,
  type JobOutcome,
  type JobSource,
  LEASE_MS,
  VERDICTS,
} from '../../domain/index.ts';
import * as lifeCycle from '../../domain/life-cycle.ts';
import { anOutcome, aQueuedJob } from '../../testing/index.ts';
import { decodeJob, encodeJob, toItem } from './job-item.ts';
import { boundedOutcome } from './outcome-item.ts';
import { presumedQueued, presumedRunning } from './presumed-jobs.ts';
import { decodeSource, encodeSource } from './source-item.ts';
import { OPEN_SHARDS, openShardOf } from './table-schema.ts';
import { updateBetween } from './update-expression.ts';

const T0 = Date.UTC(2026, 0, 1);

/** Any text that has a UTF-8, some of it empty, some long. */
const text = fc.string({ unit: 'grapheme', maxLength: 40 });
const label = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 });
const count = fc.nat({ max: 2 ** 45 });
const duration = fc.double({ min: 0, max: 1e9, noNaN: true }).map((value) => value + 0);
const orNull = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });

const step = fc.record({
  wallTimeMs: count,
  cpuTimeMs: count,
  memoryBytes: count,
  outputBytes: count,
  processes: count,
  fileBytes: count,
  openFiles: count,
  stackBytes: count,
});
const outcome: fc.Arbitrary<JobOutcome> = fc.record({
  verdict: fc.constantFrom(...VERDICTS),
  step: fc.constantFrom('compile' as const, 'run' as const, null),
  exitCode: orNull(fc.integer()),
  signal: orNull(text),
  error: orNull(text),
  stdoutPreview: text,
  stderrPreview: text,
  outputPath: orNull(text),
  stdoutPath: orNull(text),
  stderrPath: orNull(text),
  outputBytes: count,
  truncated: fc.boolean(),
  wallTimeMs: orNull(duration),
  cpuTimeMs: orNull(duration),
  memoryBytes: orNull(count),
  memorySource: fc.constantFrom('cgroup' as const, 'rss' as const, null),
  oomInChild: fc.boolean(),
  execDurationMs: orNull(count),
  compile: orNull(
    fc.record({
      verdict: fc.constantFrom(...VERDICTS),
      exitCode: orNull(fc.integer()),
      signal: orNull(text),
      output: fc.oneof(
        text,
        text.map((part) => part.repeat(200)),
      ),
      truncated: fc.boolean(),
      wallTimeMs: duration,
      cpuTimeMs: duration,
      memoryBytes: count,
    }),
  ),
  timings: orNull(
    fc.record({
      queueMs: duration,
      sandboxMs: duration,
      compileMs: orNull(duration),
      runMs: orNull(duration),
      storeMs: orNull(duration),
    }),
  ),
});
const base = fc.record({
  executionId: label,
  ownerId: fc.oneof(label, fc.constant('anonymous')),
  userId: orNull(text),
  language: label,
  limits: fc.record({ run: step, compile: step }),
  metadata: orNull(
    fc.dictionary(text, fc.jsonValue()).map((value) => JSON.parse(JSON.stringify(value)) as Record<string, unknown>),
  ),
  requestHash: label,
  createdAtMs: count,
  updatedAtMs: count,
  expiresAtMs: count,
  attempt: fc.nat({ max: 3 }),
});
const job: fc.Arbitrary<Job> = fc
  .tuple(
    base,
    fc.constantFrom(...JOB_STATUSES),
    fc.record({ at: count, worker: text, lease: count }),
    orNull(count),
    outcome,
  )
  .map(([common, status, run, startedAtMs, end]) => {
    if (status === 'queued') return { ...common, status };
    if (status === 'running')
      return { ...common, status, startedAtMs: run.at, worker: run.worker, leaseUntilMs: run.lease };
    return { ...common, status, startedAtMs, completedAtMs: run.at, outcome: end };
  });

test('any job comes back from its item as it was', () => {
  fc.assert(
    fc.property(job, (original) => {
      expect(decodeJob(toItem(encodeJob(original)))).toEqual(original);
    }),
  );
});

test('any source comes back as it was, beside the job or as an object', async () => {
  const source: fc.Arbitrary<JobSource> = fc.record({
    code: fc.oneof(
      text,
      fc.tuple(text, fc.nat({ max: 3000 })).map(([part, times]) => part.repeat(times)),
    ),
    input: text,
    inputEncoding: fc.constantFrom('utf8' as const, 'base64' as const),
    args: fc.array(text),
    env: fc.dictionary(label, text).map((env) => ({ ...env })),
  });
  await fc.assert(
    fc.asyncProperty(source, async (original) => {
      const { object, item } = await encodeSource(original);
      expect(await decodeSource({ bytes: object, isDeflated: false })).toEqual(original);
      expect(await decodeSource(item ?? { bytes: object, isDeflated: false })).toEqual(original);
    }),
  );
});

test('an item holds this, and nothing that is null', () => {
  const limits = {
    run: {
      wallTimeMs: 1,
      cpuTimeMs: 2,
      memoryBytes: 3,
      outputBytes: 4,
      processes: 5,
      fileBytes: 6,
      openFiles: 7,
      stackBytes: 8,
    },
    compile: {
      wallTimeMs: 9,
      cpuTimeMs: 10,
      memoryBytes: 11,
      outputBytes: 12,
      processes: 13,
      fileBytes: 14,
      openFiles: 15,
      stackBytes: 16,
    },
  };
  const queued = aQueuedJob({ executionId: 'id', limits, createdAtMs: 1000, expiresAtMs: 5001 });
  expect(encodeJob(queued)).toEqual({
    executionId: 'id',
    status: 'queued',
    attempt: 0,
    language: 'python',
    limits: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
    requestHash: 'a'.repeat(64),
    createdAtMs: 1000,
    updatedAtMs: 1000,
    expiresAtMs: 5001,
    expiresAt: 6,
    openShard: openShardOf('id'),
    dueAtMs: 1000,
  });
  const final = lifeCycle.giveUp(queued, { nowMs: 2000, outcome: emptyOutcome('cancelled', 'x') });
  const item = final.kind === 'finished' ? encodeJob(final.job) : {};
  expect(item).toMatchObject({
    status: 'cancelled',
    completedAtMs: 2000,
    outcome: { verdict: 'cancelled', error: 'x' },
  });
  expect(Object.keys(item)).not.toContain('openShard');
  expect(Object.keys(item)).not.toContain('dueAtMs');
});

test('what is no job is not taken for one', () => {
  expect(() => decodeJob(toItem({ executionId: 'src#x', body: Buffer.from('x') }))).toThrow('Internal error.');
});

function updates(before: Job, step: (job: Job) => { kind: string; job?: Job }, fence: string[]) {
  const after = step(before);
  return after.job && updateBetween(encodeJob(before), { ...encodeJob(after.job), writeToken: 't' }, fence);
}

test('a step is written the same whether the record was read or presumed', () => {
  const queued = aQueuedJob();
  const claim = { worker: 'w', nowMs: T0 + 5, leaseMs: LEASE_MS };
  const running = lifeCycle.claim(queued, claim);
  if (running.kind !== 'claimed') throw new Error(running.kind);
  const presumedQueue = { ...presumedQueued(queued.executionId) };
  const claims = (job: Job) => lifeCycle.claim(job, claim) as { kind: string; job?: Job };
  expect(updates(presumedQueue, claims, ['status', 'attempt', 'leaseUntilMs'])).toEqual(
    updates(queued, claims, ['status', 'attempt', 'leaseUntilMs']),
  );
  const settles = (job: Job) => lifeCycle.settle(job, { attempt: 1, nowMs: T0 + 9, outcome: anOutcome() });
  const renews = (job: Job) =>
    lifeCycle.renew(job, { attempt: 1, nowMs: T0 + 9, leaseMs: LEASE_MS }) as { kind: string; job?: Job };
  for (const step of [settles, renews]) {
    expect(updates(presumedRunning(queued.executionId, 1), step, ['status', 'attempt'])).toEqual(
      updates(running.job, step, ['status', 'attempt']),
    );
  }
});

test('an update names what changes and what it rests on', () => {
  expect(updateBetween({ a: 1, b: 2, c: 3 }, { a: 1, b: 5, d: [1] }, ['a', 'x'])).toEqual({
    UpdateExpression: 'SET #b = :new_b, #d = :new_d REMOVE #c',
    ConditionExpression: '#a = :old_a AND attribute_not_exists(#x)',
    ExpressionAttributeNames: { '#a': 'a', '#b': 'b', '#c': 'c', '#d': 'd', '#x': 'x' },
    ExpressionAttributeValues: { ':new_b': { N: '5' }, ':new_d': { L: [{ N: '1' }] }, ':old_a': { N: '1' } },
  });
});

test('texts of an outcome keep to their bounds, and say when they were cut', () => {
  const long = '\u{1F600}'.repeat(70_000);
  const compile = {
    verdict: 'ok' as const,
    exitCode: 0,
    signal: null,
    output: long,
    truncated: false,
    wallTimeMs: 1,
    cpuTimeMs: 1,
    memoryBytes: 1,
  };
  const bounded = boundedOutcome(anOutcome({ error: long, stdoutPreview: long, stderrPreview: long, compile }));
  const preview = '\u{1F600}'.repeat(500);
  expect([bounded.error, bounded.stdoutPreview, bounded.stderrPreview]).toEqual([preview, preview, preview]);
  expect(bounded.compile?.truncated).toBe(true);
  expect(Array.from(bounded.compile?.output ?? '')).toHaveLength(65_536);
  const short = anOutcome({ error: 'x', compile: { ...compile, output: 'y' } });
  expect(boundedOutcome(short)).toEqual(short);
});

test('ids spread over all shards, whatever of them is fixed', () => {
  const counts = Array.from({ length: OPEN_SHARDS }, () => 0);
  for (let index = 0; index < 1600; index += 1) {
    const shard = openShardOf(`0190f3b2-7c00-7000-8000-${index.toString(16).padStart(10, '0')}00`);
    counts[shard] = (counts[shard] ?? 0) + 1;
  }
  expect(Math.min(...counts)).toBeGreaterThan(50);
  expect(Math.max(...counts)).toBeLessThan(200);
});
