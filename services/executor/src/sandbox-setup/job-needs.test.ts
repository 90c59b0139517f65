import { expect, test, vi } from 'vitest';
import { JobNeeds } from './job-needs.ts';

const open = new AbortController().signal;

test('trouble shows, holds back, and goes', async () => {
  let isDown = false;
  const changes: (string | null)[] = [];
  const health = new JobNeeds({
    check: async () => {
      if (isDown) throw new Error('no answer');
    },
    everyMs: 1,
    onChange: (trouble) => void changes.push(trouble),
  });
  health.start();
  await health.untilWell(open);
  expect(health.trouble).toBeNull();

  isDown = true;
  await vi.waitFor(() => expect(health.trouble).toBe('no answer'));
  let isWell = false;
  const waiting = health.untilWell(open).then(() => {
    isWell = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(isWell).toBe(false);

  isDown = false;
  await waiting;
  expect(health.trouble).toBeNull();
  expect(changes).toEqual(['no answer', null]);
  await health.stop();
});

test('whoever waits may leave', async () => {
  const health = new JobNeeds({ check: () => Promise.reject(new Error('down')), everyMs: 1 });
  health.start();
  await vi.waitFor(() => expect(health.trouble).toBe('down'));
  const leave = new AbortController();
  const waiting = health.untilWell(leave.signal);
  leave.abort();
  await expect(waiting).resolves.toBeUndefined();
  await health.stop();
});
