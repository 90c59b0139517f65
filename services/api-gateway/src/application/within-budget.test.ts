import { expect, test, vi } from 'vitest';
import { withinBudget } from './within-budget.ts';

test('waits for work that is in time, and passes its failure on', async () => {
  const onLateError = vi.fn<(error: unknown) => void>();
  await withinBudget(Promise.resolve(), 60_000, { onLateError });
  await expect(withinBudget(Promise.reject(new Error('no')), 60_000, { onLateError })).rejects.toThrow('no');
  expect(onLateError).not.toHaveBeenCalled();
});

test('does not wait for work that takes longer, and hears of its failure later', async () => {
  const work = Promise.withResolvers<void>();
  const told = Promise.withResolvers<unknown>();
  await withinBudget(work.promise, 1, { onLateError: told.resolve });
  work.reject(new Error('late'));
  expect(await told.promise).toMatchObject({ message: 'late' });
});
