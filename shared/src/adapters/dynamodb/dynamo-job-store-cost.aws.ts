import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LEASE_MS, outputKey } from '../../domain/index.ts';
import { aJobSource, anOutcome, aQueuedJob } from '../../testing/index.ts';
import { keyOf } from './job-item.ts';
import { newClient, type TestTable, useTable } from './testing/table.ts';

const T0 = Date.UTC(2026, 0, 1);

/** What DynamoDB itself says that each call consumed, indexes included, in write and read units. */
class Meter {
  readonly client = newClient();
  #calls: { operation: string; units: number }[] = [];

  constructor() {
    this.client.middlewareStack.add(
      (next, context) => async (args) => {
        Object.assign(args.input, { ReturnConsumedCapacity: 'TOTAL' });
        const result = await next(args);
        const consumed = (result.output as { ConsumedCapacity?: { CapacityUnits?: number } }).ConsumedCapacity;
        this.#calls.push({
          operation: String(context['commandName']).replace('Command', ''),
          units: consumed?.CapacityUnits ?? 0,
        });
        return result;
      },
      { step: 'initialize' },
    );
  }

  take(): string[] {
    const calls = this.#calls.map(({ operation, units }) => `${operation} ${units}`).toSorted();
    this.#calls = [];
    return calls;
  }
}

function bucketPath(executionId: string, stream: 'combined' | 'stdout'): string {
  return `s3://runyard-production-0-artifacts/${outputKey(executionId, 1, stream)}`;
}

function codeLine(index: number): string {
  return `    total_${index % 37} += values[${index}] * weight_${index % 11};\n`;
}

/** Text of three bytes per character that hardly shrinks. */
function noise(length: number): string {
  return Array.from({ length }, (_, index) => String.fromCodePoint(0x4e00 + ((index * 7919) % 20_000))).join('');
}

describe('what a job costs', () => {
  let table: TestTable;
  let meter: Meter;
  beforeEach(async () => {
    table = await useTable();
    meter = new Meter();
  });
  afterEach(async () => {
    meter.client.destroy();
    await table.dispose();
  });

  test('8 write units and its source, one call per step', async () => {
    const store = table.store(meter.client);
    const job = aQueuedJob({ ownerId: 'owner-0123456789ab' });
    const { executionId } = job;
    await store.create(job, aJobSource({ code: 'print(sum(map(int, input().split())))\n', input: '1 2 3\n' }));
    expect(meter.take()).toEqual(['PutItem 1', 'PutItem 3']);
    await store.claim(executionId, { worker: 'ip-10-0-12-34-12345', nowMs: T0 + 1, leaseMs: LEASE_MS });
    expect(meter.take()).toEqual(['UpdateItem 3']);
    await store.getSource(executionId);
    expect(meter.take()).toEqual(['GetItem 1', 'GetItem 1']);
    const outcome = anOutcome({
      stdoutPreview: '6\n',
      outputPath: bucketPath(executionId, 'combined'),
      stdoutPath: bucketPath(executionId, 'stdout'),
    });
    await store.settle(executionId, { attempt: 1, nowMs: T0 + 900, outcome });
    expect(meter.take()).toEqual(['UpdateItem 2']);
    await store.get(executionId);
    expect(meter.take()).toEqual(['GetItem 1']);
  });

  test('a renewal 3, a claim that meets a lease 1 and no read', async () => {
    const store = table.store(meter.client);
    const job = aQueuedJob();
    const { executionId } = job;
    await store.create(job, aJobSource());
    await store.claim(executionId, { worker: 'w1', nowMs: T0, leaseMs: LEASE_MS });
    meter.take();
    await store.renew(executionId, { attempt: 1, nowMs: T0 + 15_000, leaseMs: LEASE_MS });
    expect(meter.take()).toEqual(['UpdateItem 3']);
    expect((await store.claim(executionId, { worker: 'w2', nowMs: T0, leaseMs: LEASE_MS })).kind).toBe('leased');
    // The failed condition is billed; DynamoDB does not say how much in an error.
    expect(meter.take()).toEqual([]);
  });

  test('a program of 6 KiB and 64 KiB of compiler messages cost a fraction of their size', async () => {
    const store = table.store(meter.client);
    const job = aQueuedJob();
    const code = Array.from({ length: 165 }, (_, index) => codeLine(index)).join('');
    expect(code.length).toBeGreaterThan(6000);
    await store.create(job, aJobSource({ code }));
    expect(meter.take()).toEqual(['PutItem 2', 'PutItem 2']);
    await store.claim(job.executionId, { worker: 'w', nowMs: T0, leaseMs: LEASE_MS });
    meter.take();
    const output = Array.from(
      { length: 700 },
      (_, index) =>
        `main.cpp:${index}:12: error: 'value_${(index * 7919) % 701}' was not declared in this scope; did you mean 'v${index}'?\n`,
    ).join('');
    const compile = {
      verdict: 'compile_error' as const,
      exitCode: 1,
      signal: null,
      output: output.slice(0, 64 * 1024),
      truncated: true,
      wallTimeMs: 1,
      cpuTimeMs: 1,
      memoryBytes: 1,
    };
    const outcome = anOutcome({ verdict: 'compile_error', step: 'compile', error: output.slice(0, 500), compile });
    await store.settle(job.executionId, { attempt: 1, nowMs: T0 + 1, outcome });
    const [settle] = meter.take();
    expect(Number(settle?.split(' ')[1])).toBeLessThanOrEqual(10);
    expect(await store.get(job.executionId)).toMatchObject({ outcome });
  });

  test('a record at its largest can be settled with the largest outcome', async () => {
    const store = table.store(meter.client);
    const metadata = { text: '\u{1F600}'.repeat(15_000) };
    const job = aQueuedJob({ metadata });
    await store.create(job, aJobSource());
    await store.claim(job.executionId, { worker: 'w', nowMs: T0, leaseMs: LEASE_MS });
    const compile = {
      verdict: 'compile_error' as const,
      exitCode: 1,
      signal: null,
      output: noise(70_000),
      truncated: false,
      wallTimeMs: 1,
      cpuTimeMs: 1,
      memoryBytes: 1,
    };
    const big = noise(70_000);
    const outcome = anOutcome({ compile, error: big, stdoutPreview: big, stderrPreview: big });
    const result = await store.settle(job.executionId, { attempt: 1, nowMs: T0, outcome });
    expect(result.kind).toBe('finished');
    const kept = await store.get(job.executionId);
    expect(kept).toMatchObject({
      metadata,
      outcome: {
        error: noise(500),
        stdoutPreview: noise(500),
        stderrPreview: noise(500),
        compile: { output: noise(65_536), truncated: true },
      },
    });
  });

  test('what would leave no room for its outcome is refused, and nothing is written', async () => {
    const job = aQueuedJob({ metadata: { text: 'x'.repeat(70_000) } });
    await expect(table.store(meter.client).create(job, aJobSource())).rejects.toMatchObject({
      code: 'body_too_large',
      isRetryable: false,
    });
    expect(meter.take()).toEqual([]);
    const read = new GetItemCommand({ TableName: table.name, Key: keyOf(job.executionId) });
    expect((await table.client.send(read)).Item).toBeUndefined();
  });
});
