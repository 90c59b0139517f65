import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anOutcome, aQueuedJob } from '../testing/job-builders.ts';
import type { Job, RunningJob } from './job.ts';
import * as lifeCycle from './life-cycle.ts';
import { emptyOutcome } from './outcome.ts';
import { isFinal } from './status.ts';
import { SHORT_CODES, statusOf, VERDICTS, type Verdict } from './verdict.ts';

const T0 = Date.UTC(2026, 0, 1);
const LEASE_MS = lifeCycle.LEASE_MS;
const queued = aQueuedJob({ createdAtMs: T0 });

function running(attempt = 1, leaseUntilMs = T0 + LEASE_MS): RunningJob {
  return { ...queued, status: 'running', attempt, worker: 'w', startedAtMs: T0, leaseUntilMs };
}

const finalJob = () => {
  const result = lifeCycle.settle(running(), { attempt: 1, nowMs: T0 + 1, outcome: anOutcome() });
  if (result.kind !== 'finished') throw new Error(result.kind);
  return result.job;
};

test('the constants fit each other: two renewals may fail before a lease ends', () => {
  expect(lifeCycle.MAX_ATTEMPTS).toBe(3);
  expect(lifeCycle.LEASE_MS).toBe(45_000);
  expect(lifeCycle.RENEW_EVERY_MS).toBe(15_000);
});

test.each<[Verdict, string, string]>([
  ['ok', 'completed', 'AC'],
  ['compile_error', 'failed', 'CE'],
  ['runtime_error', 'failed', 'RE'],
  ['signalled', 'failed', 'RE'],
  ['time_limit', 'timeout', 'TLE'],
  ['wall_time_limit', 'timeout', 'TLE'],
  ['memory_limit', 'failed', 'MLE'],
  ['output_limit', 'failed', 'OLE'],
  ['cancelled', 'cancelled', 'SK'],
  ['expired', 'expired', 'SK'],
  ['internal_error', 'failed', 'IE'],
])('verdict %s is status %s and short code %s', (verdict, status, short) => {
  expect(statusOf(verdict)).toBe(status);
  expect(SHORT_CODES[verdict]).toBe(short);
});

test('the table above is complete', () => {
  expect(VERDICTS).toHaveLength(11);
});

describe('create', () => {
  test('is decided by the hash of the request', () => {
    expect(lifeCycle.create(null, queued)).toEqual({ kind: 'created', job: queued });
    expect(lifeCycle.create(finalJob(), queued)).toMatchObject({ kind: 'replayed', job: { status: 'completed' } });
    expect(lifeCycle.create({ ...queued, requestHash: 'other' }, queued).kind).toBe('mismatch');
  });
});

describe('settle', () => {
  test('moves every field of the record over, and nothing of the lease', () => {
    const { status: _status, updatedAtMs: _updated, ...kept } = queued;
    expect(finalJob()).toEqual({
      ...kept,
      attempt: 1,
      status: 'completed',
      startedAtMs: T0,
      updatedAtMs: T0 + 1,
      completedAtMs: T0 + 1,
      outcome: anOutcome(),
    });
  });

  test.each<[string, Job, number, Verdict]>([
    ['a queued job', queued, 0, 'ok'],
    ['an older attempt', running(2), 1, 'ok'],
    ['an attempt that never was', running(2), 3, 'ok'],
    ['a verdict that only a waiting job gets', running(1), 1, 'expired'],
  ])('refuses %s', (_name, job, attempt, verdict) => {
    const end = { attempt, nowMs: T0, outcome: emptyOutcome(verdict, null) };
    expect(lifeCycle.settle(job, end)).toEqual({ kind: 'refused', job });
  });
});

describe('giveUp', () => {
  test.each<[Verdict, string]>([
    ['internal_error', 'finished'],
    ['cancelled', 'finished'],
    ['expired', 'finished'],
    ['ok', 'refused'],
    ['runtime_error', 'refused'],
    ['time_limit', 'refused'],
  ])('without a worker the verdict %s is %s', (verdict, kind) => {
    expect(lifeCycle.giveUp(queued, { nowMs: T0, outcome: emptyOutcome(verdict, null) }).kind).toBe(kind);
  });

  test('waits for the end of the lease', () => {
    const outcome = emptyOutcome('internal_error', null);
    expect(lifeCycle.giveUp(running(), { nowMs: T0 + LEASE_MS - 1, outcome }).kind).toBe('refused');
    expect(lifeCycle.giveUp(running(), { nowMs: T0 + LEASE_MS, outcome }).kind).toBe('finished');
  });
});

describe('cancel and expire', () => {
  const cancelled = { nowMs: T0, outcome: emptyOutcome('cancelled', 'Cancelled.') };
  const expired = { nowMs: T0, outcome: emptyOutcome('expired', 'Too late.') };

  test('cancel ends what waits and what runs; the worker then settles nothing', () => {
    expect(lifeCycle.cancel(queued, cancelled)).toMatchObject({ kind: 'finished', job: { startedAtMs: null } });
    const result = lifeCycle.cancel(running(), cancelled);
    expect(result).toMatchObject({ kind: 'finished', job: { status: 'cancelled', startedAtMs: T0 } });
    expect(lifeCycle.settle(result.job, { attempt: 1, nowMs: T0, outcome: anOutcome() }).kind).toBe('final');
  });

  test('expire ends only what waits', () => {
    expect(lifeCycle.expire(queued, expired)).toMatchObject({ kind: 'finished', job: { status: 'expired' } });
    expect(lifeCycle.expire(running(), expired).kind).toBe('refused');
  });

  test('each takes only its own verdict and no final job', () => {
    expect(lifeCycle.cancel(queued, expired).kind).toBe('refused');
    expect(lifeCycle.expire(queued, cancelled).kind).toBe('refused');
    expect(lifeCycle.cancel(finalJob(), cancelled).kind).toBe('final');
    expect(lifeCycle.expire(finalJob(), expired).kind).toBe('final');
  });
});

test('voiding takes a live lease and keeps the attempt', () => {
  expect(lifeCycle.voidLease(running(2), T0 + 5)).toMatchObject({ attempt: 2, leaseUntilMs: T0 + 5 });
  expect(lifeCycle.voidLease(running(), T0 + LEASE_MS)).toBeNull();
  expect(lifeCycle.voidLease(queued, T0)).toBeNull();
  expect(lifeCycle.voidLease(finalJob(), T0)).toBeNull();
});

/** Names of the rules that this step broke. */
function faultsOf(before: Job, after: Job, action: string): readonly string[] {
  const attempts = after.attempt - before.attempt;
  const rules = {
    'a final job never changes': !isFinal(before.status) || after === before,
    'nothing runs without an attempt': after.status !== 'running' || after.attempt > 0,
    'nothing goes back to the queue': before.status !== 'running' || after.status !== 'queued',
    'only a claim counts an attempt': attempts === 0 || (attempts === 1 && action === 'claim'),
    'attempts are bounded': after.attempt <= lifeCycle.MAX_ATTEMPTS,
    'status follows the verdict': !lifeCycle.isFinalJob(after) || after.status === statusOf(after.outcome.verdict),
  };
  return Object.entries(rules)
    .filter(([, holds]) => !holds)
    .map(([rule]) => rule);
}

describe('any history', () => {
  const action = fc.record({
    name: fc.constantFrom('claim', 'renew', 'settle', 'giveUp', 'cancel', 'expire', 'void'),
    attempt: fc.integer({ min: 0, max: 4 }),
    verdict: fc.constantFrom(...VERDICTS),
    // Clocks of different machines disagree, so time may also step back.
    passMs: fc.integer({ min: -20_000, max: 60_000 }),
  });

  test('has at most one final result, an attempt that only grows, and never goes back', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 40 }), (actions) => {
        let job: Job = queued;
        let nowMs = T0;
        let finals = 0;
        for (const next of actions) {
          nowMs += next.passMs;
          const before = structuredClone(job);
          const after = perform(job, next, nowMs);
          expect(job).toEqual(before);
          expect(faultsOf(job, after, next.name)).toEqual([]);
          if (!isFinal(job.status) && isFinal(after.status)) finals += 1;
          job = after;
        }
        expect(finals).toBeLessThanOrEqual(1);
      }),
      { numRuns: 500 },
    );
  });

  interface Action {
    readonly name: string;
    readonly attempt: number;
    readonly verdict: Verdict;
  }

  function perform(job: Job, { name, attempt, verdict }: Action, nowMs: number): Job {
    const outcome = emptyOutcome(verdict, null);
    const jobOf = (result: { readonly kind: string; readonly job?: Job }) => result.job ?? job;
    switch (name) {
      case 'claim':
        return jobOf(lifeCycle.claim(job, { worker: 'w', nowMs, leaseMs: LEASE_MS }));
      case 'renew':
        return jobOf(lifeCycle.renew(job, { attempt, nowMs, leaseMs: LEASE_MS }));
      case 'settle':
        return jobOf(lifeCycle.settle(job, { attempt, nowMs, outcome }));
      case 'giveUp':
        return jobOf(lifeCycle.giveUp(job, { nowMs, outcome }));
      case 'cancel':
        return jobOf(lifeCycle.cancel(job, { nowMs, outcome }));
      case 'expire':
        return jobOf(lifeCycle.expire(job, { nowMs, outcome }));
      default:
        return lifeCycle.voidLease(job, nowMs) ?? job;
    }
  }
});
