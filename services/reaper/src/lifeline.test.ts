import { PassThrough } from 'node:stream';
import { expect, test, vi } from 'vitest';
import { lifelineEnded, untilNothingLeft } from './lifeline.ts';
import type { ReaperService } from './reaper-service.ts';

test('an end without a word is a death', async () => {
  const stream = new PassThrough();
  const ended = lifelineEnded(stream);
  stream.end();
  expect(await ended).toBe('died');
});

test('an end after a word is in order', async () => {
  const stream = new PassThrough();
  const ended = lifelineEnded(stream);
  stream.end('stop\n');
  expect(await ended).toBe('stopped');
});

test('stays while the engine does not answer and while a container is left', async () => {
  vi.useFakeTimers();
  try {
    const answers = [false, true, true];
    const left = [true, false];
    const hasLeft = vi.fn<ReaperService['hasLeft']>(() => left.shift() ?? false);
    const sweep = vi.fn<ReaperService['sweep']>(() => Promise.resolve(answers.shift() ?? true));
    const done = untilNothingLeft({ hasLeft, sweep }, 'me', new AbortController().signal);
    await vi.advanceTimersByTimeAsync(5_000);
    await done;
    expect([sweep.mock.calls.length, hasLeft.mock.calls.length]).toEqual([3, 2]);
    expect(hasLeft.mock.calls[0]?.[0]).toBe('me');
  } finally {
    vi.useRealTimers();
  }
});

test('gives up ten minutes after the engine went for good', async () => {
  vi.useFakeTimers();
  try {
    const service = { hasLeft: () => true, sweep: () => Promise.resolve(false) };
    const over = vi.fn<() => void>();
    void untilNothingLeft(service, 'me', new AbortController().signal).then(over);
    await vi.advanceTimersByTimeAsync(10 * 60_000 - 1_000);
    expect(over).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(3_000);
    expect(over).toHaveBeenCalledOnce();
  } finally {
    vi.useRealTimers();
  }
});
