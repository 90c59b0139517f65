import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ListedContainer } from './engine.ts';
import { Reaper } from './reaper.ts';

const NOW_MS = 1_000_000;

function isFirst(sandboxId: string): boolean {
  return sandboxId === 'me.1';
}

/** An engine with these containers: id, owner, sandbox, expiry. */
function setUp(containers: readonly (readonly [id: string, owner: string, sandbox: string, expiresMs: number])[]) {
  const removed: string[] = [];
  const removedCgroups: string[] = [];
  const engine = {
    listByLabel: vi.fn<() => Promise<ListedContainer[]>>(() =>
      Promise.resolve(
        containers
          .filter(([id]) => !removed.includes(id))
          .map(([id, owner, sandbox, expires]) => ({
            id,
            state: 'running',
            createdAtMs: 0,
            labels: { 'runyard.owner': owner, 'runyard.sandbox': sandbox, 'runyard.expires': String(expires) },
          })),
      ),
    ),
    removeById: (id: string) => Promise.resolve(void removed.push(id)),
  };
  const cgroups = {
    list: () => Promise.resolve(['me.1', 'me.2', 'me.7', 'you.1', 'you.9']),
    remove: (id: string) => Promise.resolve(removedCgroups.push(id) > 0),
  };
  return { reaper: new Reaper({ engine, cgroups, ownerId: 'me', isOpen: isFirst }), engine, removed, removedCgroups };
}

describe('Reaper', () => {
  test('takes what is mine and not open, and what is past its time, whoever made it', async () => {
    const { reaper, removed, removedCgroups } = setUp([
      ['open', 'me', 'me.1', NOW_MS + 1],
      ['lost', 'me', 'me.2', NOW_MS + 1],
      ['expired', 'you', 'you.1', NOW_MS - 1],
      ['theirs', 'you', 'you.9', NOW_MS + 1],
      ['namesake', 'me2', 'me2.1', NOW_MS + 1],
    ]);
    expect(await reaper.sweep(NOW_MS)).toBe(2);
    expect(removed.toSorted()).toEqual(['expired', 'lost']);
    // The container of me.7 has gone without it.
    expect(removedCgroups.toSorted()).toEqual(['me.2', 'me.7', 'you.1']);
  });

  test('an open place goes too when it is past its time', async () => {
    const { reaper, removed } = setUp([['open', 'me', 'me.1', NOW_MS - 1]]);
    await reaper.sweep(NOW_MS);
    expect(removed).toEqual(['open']);
  });

  test('a container whose time is unreadable is left to its owner', async () => {
    const { reaper, removed } = setUp([
      ['theirs', 'you', 'you.3', Number.NaN],
      ['mine', 'me', 'me.3', Number.NaN],
    ]);
    await reaper.sweep(NOW_MS);
    expect(removed).toEqual(['mine']);
  });

  describe('in the background', () => {
    beforeEach(() => void vi.useFakeTimers());
    afterEach(() => void vi.useRealTimers());

    test('tries again after the engine failed, until it is stopped', async () => {
      const { reaper, engine, removed } = setUp([['lost', 'me', 'me.2', Number.MAX_SAFE_INTEGER]]);
      engine.listByLabel.mockRejectedValueOnce(new Error('no answer'));
      reaper.start();
      await vi.advanceTimersByTimeAsync(10_000);
      expect(removed).toEqual([]);
      await vi.advanceTimersByTimeAsync(10_000);
      expect(removed).toEqual(['lost']);
      reaper.stop();
      await vi.advanceTimersByTimeAsync(60_000);
      expect(engine.listByLabel).toHaveBeenCalledTimes(2);
    });
  });
});
