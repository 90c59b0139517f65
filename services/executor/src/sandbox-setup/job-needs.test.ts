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

test('what does not answer is trouble, and is not asked twice at a time', async () => {
  const answer = Promise.withResolvers<void>();
  let asked = 0;
  const check = (): Promise<void> => {
    asked += 1;
    return answer.promise;
  };
  const needs = new JobNeeds({ check, everyMs: 1, deadlineMs: 5 });
  needs.start();
  await vi.waitFor(() => expect(needs.trouble).toBe('what jobs need does not answer in time'));
  expect(asked).toBe(1);
  answer.resolve();
  await needs.untilWell(open);
  expect(needs.trouble).toBeNull();
  await needs.stop();
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
