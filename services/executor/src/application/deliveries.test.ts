import { InvalidPlanError } from '@runyard/sandbox';
import { emptyOutcome, LEASE_MS, MAX_ATTEMPTS, outputKey, type FinalJob } from '@runyard/shared/domain';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hello, report, step } from '../testing/reports.ts';
import { sandboxFailure, untilStopped, World } from '../testing/world.ts';
import { handleDelivery } from './deliveries.ts';

let world: World;

beforeEach(() => {
  world = new World();
});

afterEach(() => {
  world[Symbol.dispose]();
});

async function finalOf(executionId: string): Promise<FinalJob['outcome']> {
  const job = await world.job(executionId);
  if (!('outcome' in job)) throw new Error(`the job is ${job.status}`);
  return job.outcome;
}

describe('a job', () => {
  test('is claimed, run, stored, settled and only then deleted from the queue', async () => {
    const { executionId } = await world.submit();
    const delivery = await world.receiveOne();
    world.calls.length = 0;
    expect(await handleDelivery(delivery, world.deps)).toBe('settled');
    expect(world.calls).toEqual([
      'store.claim',
      'store.getSource',
      'sandbox.run',
      'artifacts.put',
      'store.settle',
      'queue.delete',
    ]);
    expect(await world.job(executionId)).toMatchObject({ status: 'completed', attempt: 1 });
    expect(await world.depth()).toBe(0);
  });

  test('with both streams has three objects under the keys of its attempt', async () => {
    const { executionId } = await world.submit();
    world.runProgram = async () =>
      report({ runs: [step({ kind: 'exited', exitCode: 0 }, { stdout: 'out', stderr: 'err' })] });
    await handleDelivery(await world.receiveOne(), world.deps);
    const { outputPath, stdoutPath, stderrPath } = await finalOf(executionId);
    expect([outputPath, stdoutPath, stderrPath]).toEqual(
      (['combined', 'stdout', 'stderr'] as const).map((name) => `artifact:///${outputKey(executionId, 1, name)}`),
    );
    expect(String(await world.artifacts.get(stderrPath ?? ''))).toBe('err');
  });

  test('with one stream has one object, with none none', async () => {
    const first = await world.submit();
    await handleDelivery(await world.receiveOne(), world.deps);
    const combined = `artifact:///${outputKey(first.executionId, 1, 'combined')}`;
    expect(await finalOf(first.executionId)).toMatchObject({
      outputPath: combined,
      stdoutPath: combined,
      stderrPath: null,
    });

    const second = await world.submit();
    world.runProgram = async () => report({ runs: [step({ kind: 'exited', exitCode: 0 })] });
    await handleDelivery(await world.receiveOne(), world.deps);
    expect(await finalOf(second.executionId)).toMatchObject({ outputPath: null, stdoutPath: null, stderrPath: null });
  });

  test('that the sandbox refuses for what was submitted is the submitter’s', async () => {
    const { executionId } = await world.submit();
    world.runProgram = async () => {
      throw new InvalidPlanError('too many arguments');
    };
    expect(await handleDelivery(await world.receiveOne(), world.deps)).toBe('settled');
    expect(await finalOf(executionId)).toMatchObject({
      verdict: 'runtime_error',
      error: 'The program could not be started: too many arguments.',
    });
  });
});

describe('a message', () => {
  test('of a job that another worker holds comes back a second after its lease', async () => {
    const { executionId } = await world.submit();
    const delivery = await world.receiveOne();
    await world.store.claim(executionId, { worker: 'other', nowMs: world.clock.nowMs(), leaseMs: 10_000 });
    expect(await handleDelivery(delivery, world.deps)).toBe('not_ours');
    world.clock.advance(10_999);
    expect(await world.receive()).toEqual([]);
    world.clock.advance(1);
    expect(await world.receive()).toHaveLength(1);
    expect(world.calls).not.toContain('sandbox.run');
  });

  test('of a final job is only deleted', async () => {
    const { executionId, language } = await world.submit();
    await handleDelivery(await world.receiveOne(), world.deps);
    await world.queue.send({ executionId, language });
    const before = await world.job(executionId);
    expect(await handleDelivery(await world.receiveOne(), world.deps)).toBe('not_ours');
    expect(await world.job(executionId)).toEqual(before);
    expect(await world.depth()).toBe(0);
  });

  test('of a deleted job is only deleted', async () => {
    const { executionId } = await world.submit();
    await world.store.delete(executionId);
    expect(await handleDelivery(await world.receiveOne(), world.deps)).toBe('not_ours');
    expect(await world.depth()).toBe(0);
    expect(world.calls).not.toContain('sandbox.run');
  });

  test('of a job without attempts left ends it', async () => {
    const { executionId } = await world.submit();
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      await world.store.claim(executionId, { worker: 'other', nowMs: world.clock.nowMs(), leaseMs: 0 });
    }
    expect(await handleDelivery(await world.receiveOne(), world.deps)).toBe('gave_up');
    expect((await finalOf(executionId)).verdict).toBe('internal_error');
    expect(await world.depth()).toBe(0);
  });
});

describe('a job that is deleted', () => {
  test('before its source was read is not run', async () => {
    const { executionId } = await world.submit();
    world.beforeNext('store.getSource', () => world.store.delete(executionId));
    expect(await handleDelivery(await world.receiveOne(), world.deps)).toBe('deleted');
    expect(world.calls).not.toContain('sandbox.run');
    expect(await world.depth()).toBe(0);
  });

  test('while it runs stays deleted, outputs included', async () => {
    const { executionId } = await world.submit();
    world.runProgram = async () => {
      await world.store.delete(executionId);
      return hello();
    };
    expect(await handleDelivery(await world.receiveOne(), world.deps)).toBe('deleted');
    expect(await world.store.get(executionId)).toBeNull();
    expect(await world.artifacts.get(`artifact:///${outputKey(executionId, 1, 'combined')}`)).toBeNull();
    expect(await world.depth()).toBe(0);
  });
});

describe('a worker that was too slow', () => {
  test('does not settle, and leaves the message to the one that took over', async () => {
    const { executionId } = await world.submit();
    world.runProgram = async () => {
      world.clock.advance(LEASE_MS);
      await world.store.claim(executionId, { worker: 'other', nowMs: world.clock.nowMs(), leaseMs: LEASE_MS });
      return hello();
    };
    expect(await handleDelivery(await world.receiveOne(), world.deps)).toBe('superseded');
    expect(await world.job(executionId)).toMatchObject({ status: 'running', attempt: 2, worker: 'other' });
    expect(await world.depth()).toBe(1);
  });

  test('is stopped at the next renewal', async () => {
    const { executionId } = await world.submit();
    world.runProgram = async (plan, signal) => {
      const stopped = untilStopped(plan, signal);
      world.clock.advance(LEASE_MS);
      await world.store.claim(executionId, { worker: 'other', nowMs: world.clock.nowMs(), leaseMs: LEASE_MS });
      await world.keeper.renewDue();
      return stopped;
    };
    expect(await handleDelivery(await world.receiveOne(), world.deps)).toBe('superseded');
    expect(world.calls).not.toContain('store.settle');
    expect(await world.job(executionId)).toMatchObject({ status: 'running', attempt: 2 });
  });

  test('does not harm a job that somebody else ended', async () => {
    const { executionId } = await world.submit();
    world.runProgram = async () => {
      world.clock.advance(LEASE_MS);
      await world.store.giveUp(executionId, {
        nowMs: world.clock.nowMs(),
        outcome: emptyOutcome('cancelled', 'The job was cancelled.'),
      });
      return hello();
    };
    await handleDelivery(await world.receiveOne(), world.deps);
    expect((await finalOf(executionId)).verdict).toBe('cancelled');
    expect(await world.depth()).toBe(0);
  });
});

describe('a fault of ours', () => {
  test('gives the claim back at once, so that the job runs again within a second', async () => {
    const { executionId } = await world.submit();
    world.runProgram = async () => sandboxFailure('supervisor_lost');
    expect(await handleDelivery(await world.receiveOne(), world.deps)).toBe('handed_back');
    expect(await world.receive()).toEqual([]);
    world.clock.advance(1_000);
    world.runProgram = async () => hello();
    expect(await handleDelivery(await world.receiveOne(), world.deps)).toBe('settled');
    expect(await world.job(executionId)).toMatchObject({ status: 'completed', attempt: 2 });
  });

  test('three times is an internal error, settled by the third attempt itself', async () => {
    const { executionId } = await world.submit();
    world.runProgram = async () => sandboxFailure('protocol');
    const ends = [];
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      ends.push(await handleDelivery(await world.receiveOne(), world.deps));
      world.clock.advance(4_000);
    }
    expect(ends).toEqual(['handed_back', 'handed_back', 'gave_up']);
    expect(await world.job(executionId)).toMatchObject({ status: 'failed', attempt: 3 });
    expect(await finalOf(executionId)).toMatchObject({
      verdict: 'internal_error',
      error: 'The server failed to run this job. It is not the fault of the program; submit it again.',
    });
    expect(await world.depth()).toBe(0);
  });

  test('before the program began is tried again under the same claim', async () => {
    const { executionId } = await world.submit();
    const reports = [sandboxFailure('launch_failed'), hello()];
    world.runProgram = async () => reports.shift() ?? hello();
    expect(await handleDelivery(await world.receiveOne(), world.deps)).toBe('settled');
    expect(await world.job(executionId)).toMatchObject({ status: 'completed', attempt: 1 });
  });

  test('of a store while a result is in hand does not run the program again', async () => {
    const { executionId } = await world.submit();
    world.failNext('artifacts.put', new Error('disk'));
    world.failNext('store.settle', new Error('busy'));
    expect(await handleDelivery(await world.receiveOne(), world.deps)).toBe('settled');
    expect(world.calls.filter((call) => call === 'sandbox.run')).toHaveLength(1);
    expect((await finalOf(executionId)).verdict).toBe('ok');
  });

  test('that loses the answer of a settle is no second settle', async () => {
    const { executionId } = await world.submit();
    world.afterNext('store.settle', () => {
      throw new Error('the answer was lost');
    });
    expect(await handleDelivery(await world.receiveOne(), world.deps)).toBe('settled');
    expect(world.calls.filter((call) => call === 'store.settle')).toHaveLength(2);
    expect((await finalOf(executionId)).verdict).toBe('ok');
    expect(await world.depth()).toBe(0);
  });

  test('of the queue after the settle leaves a message that finds a final job', async () => {
    const { executionId } = await world.submit();
    world.failNext('queue.delete', new Error('busy'));
    await expect(handleDelivery(await world.receiveOne(), world.deps)).rejects.toThrow('busy');
    expect((await finalOf(executionId)).verdict).toBe('ok');
    world.clock.advance(LEASE_MS);
    expect(await handleDelivery(await world.receiveOne(), world.deps)).toBe('not_ours');
    expect(await world.depth()).toBe(0);
  });
});
