import type { JobQueue } from '@runyard/shared/ports';
import { describe, expect, it } from 'vitest';
import { QueueGate, type QueueGateOptions } from './queue-gate.ts';

function gateOver(limit: number, options: Partial<QueueGateOptions> = {}) {
  const state = { depth: 0, readings: 0, nowMs: 0, isDown: false, broken: '' };
  const queue = {
    depth: async (languages: readonly string[]) => {
      state.readings += 1;
      if (state.isDown || languages.includes(state.broken)) throw new Error('down');
      return Promise.resolve(state.depth);
    },
  } as Partial<JobQueue> as JobQueue;
  const gate = new QueueGate(queue, { languages: ['python'], limit, monotonicMs: () => state.nowMs, ...options });
  return { gate, state };
}

describe('QueueGate', () => {
  it('counts what it admits between two readings', async () => {
    const { gate, state } = gateOver(3);
    expect([await gate.admit('python'), await gate.admit('python'), await gate.admit('python')]).toEqual([
      true,
      true,
      true,
    ]);
    expect(state.readings).toBe(1);
    state.depth = 3;
    expect(await gate.admit('python')).toBe(false);
    expect(state.readings).toBe(2);
  });

  it('reads again before it refuses, and after a while', async () => {
    const { gate, state } = gateOver(2);
    await gate.admit('python');
    await gate.admit('python');
    state.depth = 1;
    expect(await gate.admit('python')).toBe(true);
    expect(state.readings).toBe(2);
    state.depth = 0;
    state.nowMs = 200;
    expect([await gate.admit('python'), await gate.admit('python')]).toEqual([true, true]);
    expect(state.readings).toBe(3);
  });

  it('reads once for many at the same time, and admits no more than fit', async () => {
    const { gate, state } = gateOver(10);
    state.depth = 4;
    const admitted = await Promise.all(Array.from({ length: 50 }, () => gate.admit('python')));
    expect(admitted.filter(Boolean)).toHaveLength(6);
    expect(state.readings).toBeLessThanOrEqual(2);
  });

  it('passes a failure on and recovers from it', async () => {
    const { gate, state } = gateOver(1);
    const broken = { depth: () => Promise.reject(new Error('down')) } as Partial<JobQueue> as JobQueue;
    const other = new QueueGate(broken, { languages: [], limit: 1 });
    await expect(other.admit('python')).rejects.toThrow('down');
    await expect(other.admit('python')).rejects.toThrow('down');
    expect(await gate.admit('python')).toBe(true);
    expect(state.readings).toBe(1);
  });

  it('asks a queue elsewhere once a second at most, full or not', async () => {
    const { gate, state } = gateOver(2, { readingLifeMs: 1000, leastPauseMs: 1000 });
    state.nowMs = 5000;
    expect([
      await gate.admit('python'),
      await gate.admit('python'),
      await gate.admit('python'),
      await gate.admit('python'),
    ]).toEqual([true, true, false, false]);
    expect(state.readings).toBe(1);
    state.nowMs = 6000;
    expect(await gate.admit('python')).toBe(true);
    expect(state.readings).toBe(2);
  });

  it('goes on with the last reading for a minute while the queue does not answer', async () => {
    const { gate, state } = gateOver(10);
    await gate.admit('python');
    state.isDown = true;
    state.nowMs = 60_000;
    expect(await gate.admit('python')).toBe(true);
    state.nowMs = 60_001;
    await expect(gate.admit('python')).rejects.toThrow('down');
  });

  it('closes only the language whose queue is out of order', async () => {
    const { gate, state } = gateOver(2, { languages: ['lua', 'python'] });
    state.broken = 'lua';
    expect(await gate.admit('python')).toBe(true);
    await expect(gate.admit('lua')).rejects.toThrow('down');
    state.depth = 2;
    expect(await gate.admit('python')).toBe(false);
  });
});
