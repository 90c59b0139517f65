import { describe, expect, test } from 'vitest';
import { emptyOutcome, type FinalJob, type RunningJob } from '../../domain/index.ts';
import type { ClaimResult, FinishResult, JobStore } from '../../ports/index.ts';
import { aJobSource, anOutcome, aQueuedJob } from '../../testing/job-builders.ts';
import { InProcessJobEvents, publishingJobStore } from './index.ts';

const listener = () => undefined;

describe('events', () => {
  test('reach the listeners of their job and no others, until they leave', () => {
    const events = new InProcessJobEvents();
    const heard: string[] = [];
    const leave = events.subscribe('a', () => heard.push('a1'));
    events.subscribe('a', () => heard.push('a2'));
    events.subscribe('b', () => heard.push('b'));
    events.publish('a');
    leave();
    leave();
    events.publish('a');
    events.publish('nobody');
    expect(heard).toEqual(['a1', 'a2', 'a2']);
  });

  test('nothing is kept for jobs that nobody listens to', () => {
    const events = new InProcessJobEvents();
    const leaves = [events.subscribe('a', listener), events.subscribe('a', listener), events.subscribe('b', listener)];
    expect(events.size).toBe(2);
    for (const leave of leaves) leave();
    expect(events.size).toBe(0);
    // Leaving twice does not take away somebody who came later.
    events.subscribe('a', listener);
    leaves[0]?.();
    expect(events.size).toBe(1);
  });

  test('a listener may leave while it is called, and one that throws silences nobody', () => {
    const events = new InProcessJobEvents();
    const heard: string[] = [];
    const leave = events.subscribe('a', () => {
      leave();
      heard.push('once');
    });
    events.subscribe('a', () => {
      throw new Error('bad listener');
    });
    events.subscribe('a', () => heard.push('last'));
    expect(() => events.publish('a')).toThrow('bad listener');
    expect(() => events.publish('a')).toThrow('bad listener');
    expect(heard).toEqual(['once', 'last', 'last']);
  });
});

describe('publishing store', () => {
  const job = aQueuedJob();
  const running: RunningJob = { ...job, status: 'running', attempt: 1, worker: 'w', startedAtMs: 1, leaseUntilMs: 2 };
  const finished: FinalJob = { ...job, status: 'completed', startedAtMs: 1, completedAtMs: 2, outcome: anOutcome() };

  async function heardFrom(answers: { claim: ClaimResult; finish: FinishResult; deleted: boolean }) {
    const heard: string[] = [];
    const inner: JobStore = {
      create: async () => ({ kind: 'created', job }),
      get: async () => job,
      getSource: async () => aJobSource(),
      claim: async () => answers.claim,
      renew: async () => true,
      settle: async () => answers.finish,
      giveUp: async () => answers.finish,
      delete: async () => answers.deleted,
      listStale: async () => [],
      listExpired: async () => [],
      ping: async () => undefined,
    };
    const events = new InProcessJobEvents();
    let call = '';
    events.subscribe(job.executionId, () => heard.push(call));
    const store = publishingJobStore(inner, events);
    const calls: Record<string, () => Promise<unknown>> = {
      create: () => store.create(job, aJobSource()),
      get: () => store.get(job.executionId),
      renew: () => store.renew(job.executionId, { attempt: 1, nowMs: 0, leaseMs: 1 }),
      claim: () => store.claim(job.executionId, { worker: 'w', nowMs: 0, leaseMs: 1 }),
      settle: () => store.settle(job.executionId, { attempt: 1, nowMs: 0, outcome: anOutcome() }),
      giveUp: () => store.giveUp(job.executionId, { nowMs: 0, outcome: emptyOutcome('cancelled', null) }),
      delete: () => store.delete(job.executionId),
    };
    for (const [name, perform] of Object.entries(calls)) {
      call = name;
      await perform();
    }
    return heard;
  }

  test('tells of claims, ends and removals that happened', async () => {
    const answers = { claim: { kind: 'claimed', job: running }, finish: { kind: 'finished', job: finished } } as const;
    expect(await heardFrom({ ...answers, deleted: true })).toEqual(['claim', 'settle', 'giveUp', 'delete']);
  });

  test('tells of nothing that did not happen', async () => {
    const answers = { claim: { kind: 'leased', leaseUntilMs: 1 }, finish: { kind: 'refused', job } } as const;
    expect(await heardFrom({ ...answers, deleted: false })).toEqual([]);
  });
});
