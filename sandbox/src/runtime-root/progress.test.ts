import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ProgressReporter, type SetupProgress } from './progress.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('repeats the last message while nothing else is said, until disposed of', () => {
  const said: string[] = [];
  const progress = new ProgressReporter((event: SetupProgress) => said.push(event.message));
  progress.report('packages', 'one');
  vi.advanceTimersByTime(6_000);
  progress.report('packages', 'two');
  vi.advanceTimersByTime(9_000);
  expect(said).toEqual(['one', 'two']);
  vi.advanceTimersByTime(11_000);
  expect(said).toEqual(['one', 'two', 'two', 'two']);
  progress[Symbol.dispose]();
  vi.advanceTimersByTime(60_000);
  expect(said).toHaveLength(4);
});
