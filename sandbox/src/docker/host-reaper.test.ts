import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { EngineError } from './deadline.ts';
import type { ContainerTimes, ListedContainer } from './engine.ts';
import { HostReaper, type Reaped } from './host-reaper.ts';

const NOW_MS = 1_800_000_000_000;

/** An engine in memory. `hang` makes every answer fail, as deadlines do with an engine that does not answer. */
class World {
  readonly containers = new Map<string, ListedContainer & ContainerTimes>();
  readonly groups = new Set<string>();
  readonly killedGroups: string[] = [];
  readonly killedPids: number[] = [];
  readonly reaped: Reaped[] = [];
  readonly troubles: unknown[] = [];
  isHanging = false;
  readonly reaper = new HostReaper({
    engine: {
      listByLabel: () => this.#answer(() => [...this.containers.values()]),
      timesOf: (id) =>
        this.#answer(() => {
          const found = this.containers.get(id);
          if (found === undefined) throw new EngineError('inspect', { statusCode: 404 });
          return found;
        }),
      removeById: (id) => this.#answer(() => void this.containers.delete(id)),
    },
    cgroups: {
      list: () => Promise.resolve([...this.groups]),
      kill: (id) => Promise.resolve(void this.killedGroups.push(id)),
      remove: (id) => Promise.resolve(this.groups.delete(id)),
    },
    onReaped: (reaped) => void this.reaped.push(reaped),
    onTrouble: (error) => void this.troubles.push(error),
    killProcess: (pid) => Promise.resolve(void this.killedPids.push(pid)),
  });

  add(id: string, state: string, more: { deadlineMs?: number; ageMs?: number; sandbox?: string } = {}): void {
    const atMs = Date.now() - (more.ageMs ?? 0);
    const labels = {
      'runyard.sandbox': more.sandbox ?? `owner.${id}`,
      'runyard.owner': 'owner',
      ...(more.deadlineMs === undefined ? {} : { 'runyard.deadline-ms': String(more.deadlineMs) }),
    };
    const pid = state === 'running' ? 4000 : 0;
    this.containers.set(id, { id, state, labels, createdAtMs: atMs, startedAtMs: atMs, finishedAtMs: atMs, pid });
    this.groups.add(labels['runyard.sandbox']);
  }

  async #answer<T>(value: () => T): Promise<T> {
    await Promise.resolve();
    if (this.isHanging) throw new EngineError('ask', { detail: 'no answer within 5000 ms' });
    return value();
  }
}

describe('HostReaper', () => {
  let world: World;
  beforeEach(() => {
    vi.useFakeTimers({ now: NOW_MS });
    world = new World();
  });
  afterEach(async () => {
    await world.reaper.stop();
    vi.useRealTimers();
  });

  test('takes at its start what is past its time', async () => {
    world.add('old', 'running', { deadlineMs: 1000, ageMs: 60_000 });
    world.add('young', 'running', { deadlineMs: 20_000, ageMs: 1000 });
    await world.reaper.start();
    expect([...world.containers.keys()]).toEqual(['young']);
    expect([...world.groups]).toEqual(['owner.young']);
    expect(world.reaped).toEqual([
      { sandboxId: 'owner.old', ownerId: 'owner', reason: 'past_deadline', lateMs: 54_000, isRemoved: true },
    ]);
    expect(world.reaper.reapedTotal).toBe(1);
  });

  test('between two sweeps, at the very time: five seconds after the deadline', async () => {
    world.add('c', 'running', { deadlineMs: 2_500 });
    await world.reaper.start();
    await vi.advanceTimersByTimeAsync(7_499);
    expect(world.containers.size).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(world.containers.size).toBe(0);
    expect([world.killedGroups, world.killedPids]).toEqual([['owner.c'], [4000]]);
    expect(world.reaped.map(({ lateMs }) => lateMs)).toEqual([0]);
  });

  test('an engine that does not answer: killed at the same time all the same, removed when it answers again', async () => {
    world.add('c', 'running', { deadlineMs: 2_500 });
    await world.reaper.start();
    world.isHanging = true;
    await vi.advanceTimersByTimeAsync(7_500);
    expect([world.killedGroups, world.killedPids]).toEqual([['owner.c'], [4000]]);
    expect(world.reaped.map(({ isRemoved }) => isRemoved)).toEqual([false]);
    expect(world.reaper.reapedTotal).toBe(0);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(world.reaped).toHaveLength(1);
    world.isHanging = false;
    await vi.advanceTimersByTimeAsync(5_000);
    expect(world.containers.size).toBe(0);
    expect(world.reaped.map(({ isRemoved }) => isRemoved)).toEqual([false, true]);
    expect(world.reaper.reapedTotal).toBe(1);
    expect(world.troubles.length).toBeGreaterThan(0);
  });

  test('a clock that is set an hour ahead kills nobody early', async () => {
    world.add('c', 'running', { deadlineMs: 20_000 });
    await world.reaper.start();
    vi.setSystemTime(NOW_MS + 3_600_000);
    await vi.advanceTimersByTimeAsync(24_999);
    expect(world.containers.size).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(world.containers.size).toBe(0);
  });

  test('a state that changes has a new time', async () => {
    world.add('c', 'created');
    await world.reaper.start();
    world.add('c', 'running', { deadlineMs: 600_000 });
    await vi.advanceTimersByTimeAsync(120_000);
    expect(world.containers.size).toBe(1);
    world.add('c', 'exited');
    await vi.advanceTimersByTimeAsync(40_000);
    expect(world.containers.size).toBe(0);
    expect(world.reaped.map(({ reason }) => reason)).toEqual(['left_behind']);
  });

  test('one that its launcher removes is forgotten', async () => {
    world.add('c', 'running', { deadlineMs: 10_000 });
    await world.reaper.start();
    world.containers.clear();
    world.groups.clear();
    await vi.advanceTimersByTimeAsync(60_000);
    expect([world.reaped, world.killedGroups, world.reaper.reapedTotal]).toEqual([[], [], 0]);
  });

  test('a parent group without a container goes at the second sweep that sees it so', async () => {
    world.groups.add('owner.gone');
    await world.reaper.start();
    expect([...world.groups]).toEqual(['owner.gone']);
    await vi.advanceTimersByTimeAsync(5_000);
    expect([...world.groups]).toEqual([]);
  });

  test('a label is no path', async () => {
    world.add('c', 'running', { deadlineMs: 1, ageMs: 60_000, sandbox: '../../x' });
    await world.reaper.start();
    expect([world.killedGroups, world.containers.size]).toEqual([[], 0]);
  });
});
