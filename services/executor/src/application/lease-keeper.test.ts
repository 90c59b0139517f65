import { LEASE_MS, RENEW_EVERY_MS } from '@runyard/shared/domain';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { World } from '../testing/world.ts';
import type { HeldLease } from './lease-keeper.ts';

let world: World;

beforeEach(() => {
  world = new World();
});

afterEach(() => {
  world[Symbol.dispose]();
});

async function held(): Promise<{ lease: HeldLease; executionId: string }> {
  const { executionId } = await world.submit();
  const { receipt } = await world.receiveOne();
  const claim = await world.store.claim(executionId, {
    worker: 'test',
    nowMs: world.clock.nowMs(),
    leaseMs: LEASE_MS,
  });
  if (claim.kind !== 'claimed') throw new Error(claim.kind);
  const { attempt, leaseUntilMs } = claim.job;
  return { lease: world.keeper.hold({ executionId, attempt, receipt, leaseUntilMs }), executionId };
}

test('a young lease costs no write', async () => {
  await using _ = (await held()).lease;
  world.clock.advance(RENEW_EVERY_MS - 1);
  await world.keeper.renewDue();
  expect(world.calls).not.toContain('store.renew');
});

test('an older one is renewed together with the visibility of its message', async () => {
  const { lease, executionId } = await held();
  await using _ = lease;
  world.clock.advance(RENEW_EVERY_MS);
  await world.keeper.renewDue();
  expect(await world.job(executionId)).toMatchObject({ leaseUntilMs: world.clock.nowMs() + LEASE_MS });
  world.clock.advance(LEASE_MS - 1);
  expect(await world.receive()).toEqual([]);
  expect(lease.stopReason()).toBeNull();
});

test('a lease that is another’s stops the job', async () => {
  const { lease, executionId } = await held();
  await using _ = lease;
  world.clock.advance(LEASE_MS);
  await world.store.claim(executionId, { worker: 'other', nowMs: world.clock.nowMs(), leaseMs: LEASE_MS });
  await world.keeper.renewDue();
  expect(lease.stopReason()).toBe('lease_lost');
  expect(lease.signal.aborted).toBe(true);
});

test('a store that does not answer stops the job only when the lease is over', async () => {
  const { lease } = await held();
  await using _ = lease;
  const down = new Error('down');
  world.failNext('store.renew', down);
  world.failNext('store.renew', down);
  world.clock.advance(LEASE_MS - 1);
  await world.keeper.renewDue();
  expect(lease.stopReason()).toBeNull();
  world.clock.advance(1);
  await world.keeper.renewDue();
  expect(lease.stopReason()).toBe('lease_lost');
});

test('a released lease is not renewed any more', async () => {
  const { lease } = await held();
  await lease[Symbol.asyncDispose]();
  world.clock.advance(LEASE_MS);
  await world.keeper.renewDue();
  expect(world.calls).not.toContain('store.renew');
});

test('the visibilities of all renewed jobs are extended in one call', async () => {
  const first = await held();
  const second = await held();
  await using _one = first.lease;
  await using _two = second.lease;
  world.clock.advance(RENEW_EVERY_MS);
  world.calls.length = 0;
  await world.keeper.renewDue();
  expect(world.calls).toEqual(['store.renew', 'store.renew', 'queue.setVisibilities']);
});

test('a job that is given back while others are renewed keeps the visibility that it was given back with', async () => {
  const { lease, executionId } = await held();
  world.clock.advance(RENEW_EVERY_MS);
  const released: PromiseLike<void>[] = [];
  world.afterNext('store.renew', () => {
    released.push(lease[Symbol.asyncDispose]());
  });
  world.calls.length = 0;
  await world.keeper.renewDue();
  expect(released).toHaveLength(1);
  expect(world.calls).toEqual(['store.renew']);
  expect(await world.job(executionId)).toMatchObject({ status: 'running' });
});

test('a queue that does not answer does not stop the job', async () => {
  const { lease } = await held();
  await using _ = lease;
  world.failNext('queue.setVisibilities', new Error('down'));
  world.clock.advance(RENEW_EVERY_MS);
  await world.keeper.renewDue();
  expect(lease.stopReason()).toBeNull();
});
