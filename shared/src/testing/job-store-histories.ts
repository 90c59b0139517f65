import fc from 'fast-check';
import { expect } from 'vitest';
import { emptyOutcome, type Job, type Verdict } from '../domain/index.ts';
import * as lifeCycle from '../domain/life-cycle.ts';
import type { JobStore } from '../ports/index.ts';
import { aJobSource, anOutcome, aQueuedJob } from './job-builders.ts';

/** Enough to meet every pair of steps; each history costs some tens of writes. */
const RUNS = 60;
const LEASE_MS = 50;

const step = fc.oneof(
  fc.record({ name: fc.constant('claim' as const) }),
  fc.record({ name: fc.constant('renew' as const), attempt: fc.integer({ min: 0, max: 4 }) }),
  fc.record({ name: fc.constant('settle' as const), attempt: fc.integer({ min: 0, max: 4 }) }),
  fc.record({
    name: fc.constant('giveUp' as const),
    verdict: fc.constantFrom<Verdict>('internal_error', 'cancelled', 'ok'),
  }),
  fc.record({ name: fc.constant('delete' as const) }),
);
const history = fc.array(fc.record({ step, passMs: fc.integer({ min: 0, max: 60 }) }), { maxLength: 25 });

/** Any sequence of steps leaves the store with the record that the pure life cycle gives. */
export async function historiesOf(store: JobStore): Promise<void> {
  await fc.assert(
    fc.asyncProperty(history, async (steps) => {
      const first = aQueuedJob();
      await store.create(first, aJobSource());
      let model: Job | null = first;
      let nowMs = first.createdAtMs;
      for (const { step: next, passMs } of steps) {
        nowMs += passMs;
        const answer: Answer = model === null ? { kind: 'not_found' } : applied(model, next, nowMs);
        expect(await performed(store, first.executionId, next, nowMs)).toEqual(answer.kind);
        if (next.name === 'delete') model = null;
        else if (answer.job !== undefined) model = answer.job;
        expect(await store.get(first.executionId)).toEqual(model);
      }
    }),
    { numRuns: RUNS },
  );
}

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;
interface Answer {
  readonly kind: string;
  readonly job?: Job;
}

function applied(job: Job, next: Step, nowMs: number): Answer {
  switch (next.name) {
    case 'claim': {
      const result = lifeCycle.claim(job, { worker: 'w', nowMs, leaseMs: LEASE_MS });
      return result.kind === 'leased' ? { kind: 'leased' } : result;
    }
    case 'renew':
      return lifeCycle.renew(job, { attempt: next.attempt, nowMs, leaseMs: LEASE_MS });
    case 'settle':
      return lifeCycle.settle(job, { attempt: next.attempt, nowMs, outcome: anOutcome() });
    case 'giveUp':
      return lifeCycle.giveUp(job, { nowMs, outcome: emptyOutcome(next.verdict, null) });
    case 'delete':
      return { kind: 'deleted' };
  }
}

async function performed(store: JobStore, id: string, next: Step, nowMs: number): Promise<string> {
  switch (next.name) {
    case 'claim':
      return (await store.claim(id, { worker: 'w', nowMs, leaseMs: LEASE_MS })).kind;
    case 'renew': {
      const isRenewed = await store.renew(id, { attempt: next.attempt, nowMs, leaseMs: LEASE_MS });
      return isRenewed ? 'renewed' : (await store.get(id)) === null ? 'not_found' : 'lost';
    }
    case 'settle':
      return (await store.settle(id, { attempt: next.attempt, nowMs, outcome: anOutcome() })).kind;
    case 'giveUp':
      return (await store.giveUp(id, { nowMs, outcome: emptyOutcome(next.verdict, null) })).kind;
    case 'delete':
      return (await store.delete(id)) ? 'deleted' : 'not_found';
  }
}
