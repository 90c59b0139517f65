import { InProcessJobEvents } from '@runyard/shared/adapters/in-process';
import { isFinalJob, type Job } from '@runyard/shared/domain';
import type { JobStore } from '@runyard/shared/ports';
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WaitForJob } from './wait-for-job.ts';

const QUEUED = { executionId: 'a', status: 'queued' } as Job;
const RUNNING = { executionId: 'a', status: 'running' } as Job;
const DONE = { executionId: 'a', status: 'completed' } as Job;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  assert.equal(vi.getTimerCount(), 0);
  vi.useRealTimers();
});

/** A store that holds one record and counts its reads. */
function setUp(maxWaiters = 10, rereadAfterMs = 2000) {
  const state: { job: Job | null; reads: number; onRead: () => void } = {
    job: QUEUED,
    reads: 0,
    onRead: () => undefined,
  };
  const get = async () => {
    state.reads += 1;
    const { job } = state;
    state.onRead();
    return Promise.resolve(job);
  };
  const events = Object.assign(new InProcessJobEvents(), { rereadAfterMs });
  const waiting = new WaitForJob({ get } as Partial<JobStore> as JobStore, events, { maxWaiters });
  const client = new AbortController();
  const wait = (waitMs = 20_000) =>
    waiting.wait({ executionId: 'a', waitMs, isEnough: isFinalJob, signal: client.signal });
  return { state, events, waiting, client, wait };
}

describe('WaitForJob', () => {
  it('answers when the job is final, and reads only on hints', async () => {
    const { state, events, wait, waiting } = setUp();
    const answer = wait();
    await vi.advanceTimersByTimeAsync(10);
    state.job = RUNNING;
    events.publish('a');
    await vi.advanceTimersByTimeAsync(10);
    state.job = DONE;
    events.publish('a');
    expect(await answer).toBe(DONE);
    expect([state.reads, events.size, waiting.waiterCount]).toEqual([3, 0, 0]);
  });

  it('misses no hint that comes while it reads', async () => {
    const { state, events, wait } = setUp();
    state.onRead = () => {
      state.onRead = () => undefined;
      state.job = DONE;
      events.publish('a');
    };
    expect(await wait()).toBe(DONE);
    expect(state.reads).toBe(2);
  });

  it('finds out by itself when the hint is lost', async () => {
    const { state, wait } = setUp();
    const answer = wait();
    await vi.advanceTimersByTimeAsync(100);
    state.job = DONE;
    await vi.advanceTimersByTimeAsync(1900);
    expect(await answer).toBe(DONE);
  });

  it('reads as seldom as the events say', async () => {
    const { state, waiting, client, wait } = setUp(1000, 15_000);
    const waiters = Array.from({ length: 1000 }, () => wait());
    await vi.advanceTimersByTimeAsync(14_999);
    expect([waiting.waiterCount, state.reads]).toEqual([1000, 1000]);
    await vi.advanceTimersByTimeAsync(1);
    expect(state.reads).toBe(2000);
    client.abort();
    await Promise.all(waiters);
  });

  it('answers with what is known when the time is over', async () => {
    const { state, events, wait } = setUp();
    const answer = wait(5000);
    await vi.advanceTimersByTimeAsync(4999);
    expect(events.size).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(await answer).toBe(QUEUED);
    expect(state.reads).toBe(4);
  });

  it('ends when the client goes away, when the job is deleted, and when the server shuts down', async () => {
    const gone = setUp();
    const first = gone.wait();
    await vi.advanceTimersByTimeAsync(1);
    gone.client.abort();
    expect(await first).toBe(QUEUED);
    expect(gone.events.size).toBe(0);
    expect(await gone.wait()).toBe(QUEUED);

    const deleted = setUp();
    const second = deleted.wait();
    await vi.advanceTimersByTimeAsync(1);
    deleted.state.job = null;
    deleted.events.publish('a');
    expect(await second).toBeNull();

    const closed = setUp();
    const third = closed.wait();
    await vi.advanceTimersByTimeAsync(1);
    closed.waiting.close();
    expect(await third).toBe(QUEUED);
    expect(await closed.wait()).toBe(QUEUED);
    expect(closed.events.size).toBe(0);
  });

  it('answers at once beyond its bound', async () => {
    const { waiting, wait, client } = setUp(2);
    const waiters = [wait(), wait()];
    await vi.advanceTimersByTimeAsync(1);
    expect(waiting.waiterCount).toBe(2);
    expect(await wait()).toBe(QUEUED);
    client.abort();
    await Promise.all(waiters);
    expect(waiting.waiterCount).toBe(0);
  });

  it('leaves nothing behind when the store fails', async () => {
    const { state, events, waiting, wait } = setUp();
    state.onRead = () => {
      throw new Error('down');
    };
    await expect(wait()).rejects.toThrow('down');
    expect([events.size, waiting.waiterCount]).toEqual([0, 0]);
  });
});
