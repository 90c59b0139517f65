import { describe, expect, test, vi } from 'vitest';
import { EngineError, withDeadline } from './deadline.ts';

describe('withDeadline', () => {
  test('hands on what the call resolves to', async () => {
    await expect(withDeadline('ask', 1000, () => Promise.resolve(7))).resolves.toBe(7);
  });

  test('a call that never settles ends with our own error', async () => {
    await expect(withDeadline('ask', 5, () => new Promise(() => undefined))).rejects.toThrow(
      'ask: no answer within 5 ms',
    );
  });

  test('keeps the status code of the engine', async () => {
    const answer = Object.assign(new Error('no such container'), { statusCode: 404 });
    await expect(withDeadline('ask', 1000, () => Promise.reject(answer))).rejects.toMatchObject({ statusCode: 404 });
    await expect(withDeadline('ask', 1000, () => Promise.reject(answer))).rejects.toBeInstanceOf(EngineError);
  });

  test('cleans up what a late answer made', async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const onLate = vi.fn<(value: string) => void>();
    await expect(withDeadline('create', 5, () => promise, onLate)).rejects.toThrow(EngineError);
    resolve('container');
    await promise;
    expect(onLate).toHaveBeenCalledExactlyOnceWith('container');
  });

  test('an answer in time is not late', async () => {
    const onLate = vi.fn<(value: string) => void>();
    await withDeadline('create', 1000, () => Promise.resolve('container'), onLate);
    expect(onLate).not.toHaveBeenCalled();
  });
});
