import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { pino } from 'pino';
import { emptyOutcome } from '../../domain/index.ts';
import { aJobSource, anOutcome, aQueuedJob } from '../../testing/index.ts';
import { DynamoJobEvents, type DynamoJobStore } from './index.ts';
import { newClient, type TestTable, useTable } from './testing/table.ts';

const T0 = Date.UTC(2026, 0, 1);

/** Longer than any pause of the loop on a busy machine; only the failing case waits so long. */
const PATIENCE = { timeout: 15_000, interval: 5 };

interface Call {
  readonly keys: readonly string[];
  readonly attributes: string | undefined;
}

describe('DynamoJobEvents', () => {
  let table: TestTable;
  let store: DynamoJobStore;
  let events: DynamoJobEvents;
  let calls: Call[];
  /** What the next calls meet, first one first. */
  let faults: ('fails' | 'leaves half')[];
  const client = () => {
    const made = newClient();
    made.middlewareStack.add(
      (next) => async (args) => {
        const request = args.input as {
          RequestItems: Record<string, { Keys: { executionId: { S: string } }[]; ProjectionExpression?: string }>;
        };
        const what = request.RequestItems[table.name];
        const keys = what?.Keys ?? [];
        calls.push({ keys: keys.map((key) => key.executionId.S), attributes: what?.ProjectionExpression });
        const fault = faults.shift();
        if (fault === 'fails') throw new Error('cut');
        if (fault !== 'leaves half') return next(args);
        const half = Math.ceil(keys.length / 2);
        Object.assign(args.input, { RequestItems: { [table.name]: { ...what, Keys: keys.slice(0, half) } } });
        const result = await next(args);
        Object.assign(result.output, { UnprocessedKeys: { [table.name]: { Keys: keys.slice(half) } } });
        return result;
      },
      { step: 'initialize' },
    );
    return made;
  };
  beforeEach(async () => {
    calls = [];
    faults = [];
    table = await useTable();
    store = table.store();
    events = new DynamoJobEvents({ client: client(), table: table.name, logger: pino({ enabled: false }) });
  });
  afterEach(async () => {
    await events.close();
    await table.dispose();
  });

  const created = async () => {
    const job = aQueuedJob({ createdAtMs: T0 });
    await store.create(job, aJobSource());
    return job.executionId;
  };
  const cancelled = { nowMs: T0, outcome: emptyOutcome('cancelled', null) };

  test('tells of a claim, of an end and of a deletion, each once', async () => {
    const id = await created();
    const listener = vi.fn<() => void>();
    events.subscribe(id, listener);
    await expect.poll(() => calls.length, PATIENCE).toBeGreaterThan(1);
    expect(listener).toHaveBeenCalledTimes(0);
    await store.claim(id, { worker: 'w', nowMs: T0, leaseMs: 1000 });
    await expect.poll(() => listener.mock.calls.length, PATIENCE).toBe(1);
    await store.settle(id, { attempt: 1, nowMs: T0, outcome: anOutcome() });
    await expect.poll(() => listener.mock.calls.length, PATIENCE).toBe(2);
    await store.delete(id);
    await expect.poll(() => listener.mock.calls.length, PATIENCE).toBe(3);
    const count = calls.length;
    await expect.poll(() => calls.length, PATIENCE).toBeGreaterThan(count + 1);
    expect(listener).toHaveBeenCalledTimes(3);
    expect(new Set(calls.map((call) => call.attributes))).toEqual(new Set(['#status, attempt, executionId']));
  });

  test('tells at its first look of what may have changed before it', async () => {
    const id = await created();
    await store.giveUp(id, cancelled);
    const listener = vi.fn<() => void>();
    events.subscribe(id, listener);
    await expect.poll(() => listener.mock.calls.length, PATIENCE).toBe(1);
  });

  test('asks for all jobs of all waiters together, at most 100 in a call, and for each once', async () => {
    const id = await created();
    const listeners = [vi.fn<() => void>(), vi.fn<() => void>()];
    for (const listener of listeners) events.subscribe(id, listener);
    const others = Array.from({ length: 219 }, (_, index) => `other-${index}`);
    for (const other of others) events.subscribe(other, () => {});
    await expect.poll(() => calls.length, PATIENCE).toBeGreaterThanOrEqual(3);
    const turn = calls.slice(0, 3).map((call) => call.keys);
    expect(turn.map((keys) => keys.length)).toEqual([100, 100, 20]);
    expect(new Set(turn.flat())).toEqual(new Set([id, ...others]));
    await store.giveUp(id, cancelled);
    await expect.poll(() => listeners.map((listener) => listener.mock.calls.length), PATIENCE).toEqual([1, 1]);
  });

  test('makes no call when nobody waits, and begins again with the next', async () => {
    const id = await created();
    const leave = [events.subscribe(id, () => {}), events.subscribe(id, () => {})];
    await expect.poll(() => calls.length, PATIENCE).toBeGreaterThan(0);
    for (const each of leave) each();
    for (const each of leave) each();
    expect(events.size).toBe(0);
    const other = await created();
    events.subscribe(other, () => {});
    await expect.poll(() => calls.at(-1)?.keys, PATIENCE).toEqual([other]);
  });

  test('leaves no timer behind', () => {
    vi.useFakeTimers();
    try {
      const leave = events.subscribe('x', () => {});
      expect(vi.getTimerCount()).toBe(1);
      leave();
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  test('a call that fails, or that leaves jobs out, is a turn later', async () => {
    faults = ['fails', 'leaves half'];
    const ids = [await created(), await created()];
    const told = new Set<string>();
    for (const id of ids) {
      await store.giveUp(id, cancelled);
      events.subscribe(id, () => told.add(id));
    }
    await expect.poll(() => told, PATIENCE).toEqual(new Set(ids));
    expect(calls.length).toBeGreaterThanOrEqual(3);
  });

  test('hears at once of what its own process changed', () => {
    const listener = vi.fn<() => void>();
    const leave = events.subscribe('x', listener);
    events.publish('x');
    expect(listener).toHaveBeenCalledTimes(1);
    leave();
    events.publish('x');
    expect(listener).toHaveBeenCalledTimes(1);
  });

  test('a listener that throws keeps neither others nor the loop from working', async () => {
    const id = await created();
    const listener = vi.fn<() => void>();
    events.subscribe(id, () => {
      throw new Error('mine');
    });
    events.subscribe(id, listener);
    await store.claim(id, { worker: 'w', nowMs: T0, leaseMs: 1000 });
    await expect.poll(() => listener.mock.calls.length, PATIENCE).toBe(1);
    await store.settle(id, { attempt: 1, nowMs: T0, outcome: anOutcome() });
    await expect.poll(() => listener.mock.calls.length, PATIENCE).toBe(2);
  });

  test('after close there is no call any more', async () => {
    events.subscribe(await created(), () => {});
    await expect.poll(() => calls.length, PATIENCE).toBeGreaterThan(0);
    await events.close();
    const count = calls.length;
    vi.useFakeTimers();
    try {
      events.subscribe('later', () => {});
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
    expect(calls.length).toBe(count);
  });
});
