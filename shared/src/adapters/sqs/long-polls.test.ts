import { setImmediate as tick } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { DependencyUnavailableError, FatalDependencyError } from '../../errors/index.ts';
import { LongPolls, type PollRequest, type Wire } from './long-polls.ts';

interface Ask {
  readonly queue: string;
  readonly maxMessages: number;
  readonly waitMs: number;
  answer(...messages: readonly string[]): void;
  fail(error: Error): void;
}

/** Polls hang until the test answers them. */
class ManualWire implements Wire<string> {
  readonly asks: Ask[] = [];
  readonly givenBack: string[] = [];

  poll(queue: string, ask: { maxMessages: number; waitMs: number }): Promise<readonly string[]> {
    return new Promise((resolve, reject) => {
      this.asks.push({ queue, ...ask, answer: (...messages) => resolve(messages), fail: reject });
    });
  }

  async giveBack(_queue: string, messages: readonly string[]): Promise<void> {
    this.givenBack.push(...messages);
  }

  /** The next poll, which must be for this queue. */
  async next(queue: string): Promise<Ask> {
    for (let turn = 0; this.asks.length === 0 && turn < 1000; turn += 1) await tick();
    const ask = this.asks.shift();
    if (ask?.queue !== queue) throw new Error(`the next poll is for ${String(ask?.queue)} and not for ${queue}`);
    return ask;
  }
}

function request(overrides: Partial<PollRequest<string>> = {}): PollRequest<string> {
  return {
    queues: ['a'],
    maxMessages: 3,
    waitMs: 20_000,
    visibilityMs: 45_000,
    signal: undefined,
    accepts: () => true,
    ...overrides,
  };
}

let wire: ManualWire;
let polls: LongPolls<string>;
beforeEach(() => {
  wire = new ManualWire();
  polls = new LongPolls(wire);
});

describe('one queue', () => {
  test('its poll asks for as much as there is room for, and is the answer', async () => {
    const receiving = polls.receive(request());
    const ask = await wire.next('a');
    expect(ask).toMatchObject({ maxMessages: 3, waitMs: 5_000 });
    ask.answer('m1', 'm2');
    expect(await receiving).toEqual(['m1', 'm2']);
    expect(wire.givenBack).toEqual([]);
  });

  test('is asked again until the time is over', async () => {
    const receiving = polls.receive(request());
    (await wire.next('a')).answer();
    (await wire.next('a')).answer('m1');
    expect(await receiving).toEqual(['m1']);
  });

  test('an abort answers at once, and what the poll brings later is given back', async () => {
    const controller = new AbortController();
    const receiving = polls.receive(request({ signal: controller.signal }));
    const ask = await wire.next('a');
    controller.abort();
    expect(await receiving).toEqual([]);
    ask.answer('m1');
    await vi.waitFor(() => expect(wire.givenBack).toEqual(['m1']));
    expect(wire.asks).toEqual([]);
  });

  test('or goes to who waits for that queue by then', async () => {
    const controller = new AbortController();
    const first = polls.receive(request({ signal: controller.signal }));
    const ask = await wire.next('a');
    controller.abort();
    await first;
    const second = polls.receive(request());
    await wire.next('a');
    ask.answer('m1');
    expect(await second).toEqual(['m1']);
    expect(wire.givenBack).toEqual([]);
  });

  test('a failed poll is told at once', async () => {
    const receiving = polls.receive(request());
    const error = new DependencyUnavailableError('gone');
    (await wire.next('a')).fail(error);
    await expect(receiving).rejects.toBe(error);
  });

  test('what the receiver cannot use is given back, and it waits on', async () => {
    const receiving = polls.receive(request({ accepts: (message) => message.startsWith('mine') }));
    (await wire.next('a')).answer('foreign');
    (await wire.next('a')).answer('mine');
    expect(await receiving).toEqual(['mine']);
    expect(wire.givenBack).toEqual(['foreign']);
  });
});

describe('several queues', () => {
  const two = { queues: ['a', 'b'] };

  test('are looked at in turn, never for more than there is room for', async () => {
    const receiving = polls.receive(request(two));
    const first = await wire.next('b');
    expect(first).toMatchObject({ maxMessages: 3, waitMs: 0 });
    expect(wire.asks).toEqual([]);
    first.answer('m1', 'm2');
    const second = await wire.next('a');
    expect(second).toMatchObject({ maxMessages: 1, waitMs: 0 });
    second.answer('m3');
    expect(await receiving).toEqual(['m1', 'm2', 'm3']);
  });

  test('when all are empty a poll for one message hangs at each; the first message is the answer', async () => {
    const receiving = polls.receive(request({ ...two, maxMessages: 1 }));
    (await wire.next('b')).answer();
    (await wire.next('a')).answer();
    const hanging = [await wire.next('a'), await wire.next('b')];
    expect(hanging.map(({ maxMessages, waitMs }) => [maxMessages, waitMs > 0])).toEqual([
      [1, true],
      [1, true],
    ]);
    hanging[0]?.answer('m1');
    expect(await receiving).toEqual(['m1']);
    hanging[1]?.answer('m2');
    await vi.waitFor(() => expect(wire.givenBack).toEqual(['m2']));
  });

  test('polls that were left behind serve the next receive', async () => {
    const first = polls.receive(request(two));
    for (const queue of ['b', 'a']) (await wire.next(queue)).answer();
    const a = await wire.next('a');
    const b = await wire.next('b');
    a.answer('m1');
    await first;
    const second = polls.receive(request(two));
    (await wire.next('a')).answer();
    await wire.next('a');
    b.answer('m2');
    expect(await second).toEqual(['m2']);
    expect(wire.givenBack).toEqual([]);
  });

  test('one that fails does not hold up the other; when all fail it is told', async () => {
    const receiving = polls.receive(request(two));
    (await wire.next('b')).fail(new DependencyUnavailableError('b'));
    (await wire.next('a')).answer();
    (await wire.next('a')).answer('m1');
    expect(await receiving).toEqual(['m1']);
    const again = polls.receive(request({ ...two, waitMs: 0 }));
    (await wire.next('a')).fail(new DependencyUnavailableError('a'));
    await expect(again).rejects.toThrow('a');
  });

  test('one that does not exist ends it all', async () => {
    const receiving = polls.receive(request(two));
    const error = new FatalDependencyError('no such queue');
    (await wire.next('b')).fail(error);
    await expect(receiving).rejects.toBe(error);
  });
});

describe('time', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('a failed queue is left alone for a pause that grows', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(1);
    for (const pauseMs of [0, 200, 400, 800]) {
      const receiving = polls.receive(request());
      const rejected = receiving.catch((error: unknown) => String(error));
      await vi.advanceTimersByTimeAsync(Math.max(pauseMs - 1, 0));
      expect(wire.asks).toHaveLength(pauseMs === 0 ? 1 : 0);
      await vi.advanceTimersByTimeAsync(1);
      wire.asks.shift()?.fail(new DependencyUnavailableError('gone'));
      expect(await rejected).toContain('gone');
    }
    vi.restoreAllMocks();
  });

  test('a receive ends when its time is over, though polls of others still hang', async () => {
    const two = { queues: ['a', 'b'], waitMs: 1_000 };
    const first = polls.receive(request(two));
    await vi.advanceTimersByTimeAsync(0);
    for (const _look of two.queues) {
      wire.asks.shift()?.answer();
      await vi.advanceTimersByTimeAsync(0);
    }
    expect(wire.asks).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(2_500);
    expect(await first).toEqual([]);
  });
});

test('closing ends who waits, waits for the polls and gives back what they bring', async () => {
  const receiving = polls.receive(request());
  const ask = await wire.next('a');
  let isClosed = false;
  const closing = polls.close().then(() => (isClosed = true));
  expect(await receiving).toEqual([]);
  await tick();
  expect(isClosed).toBe(false);
  ask.answer('m1');
  await closing;
  expect(wire.givenBack).toEqual(['m1']);
  expect(await polls.receive(request())).toEqual([]);
});

/** A server in memory whose answers take some turns; a message it has handed out is gone unless it is given back. */
class RandomServer implements Wire<string> {
  readonly waiting = new Map<string, string[]>();
  readonly #turns: () => number;

  constructor(messages: readonly { queue: string; id: string }[], turns: () => number) {
    for (const { queue, id } of messages) this.waiting.set(queue, [...(this.waiting.get(queue) ?? []), id]);
    this.#turns = turns;
  }

  async poll(queue: string, ask: { maxMessages: number }): Promise<readonly string[]> {
    for (let turn = this.#turns(); turn > 0; turn -= 1) await tick();
    return (this.waiting.get(queue) ?? []).splice(0, ask.maxMessages);
  }

  async giveBack(queue: string, messages: readonly string[]): Promise<void> {
    await tick();
    this.waiting.set(queue, [...(this.waiting.get(queue) ?? []), ...messages]);
  }
}

test('whatever is received, aborted and closed: no message is lost, doubled or beyond the room', async () => {
  const receivers = fc.array(
    fc.record({
      queues: fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { minLength: 1 }),
      maxMessages: fc.integer({ min: 1, max: 4 }),
      abortAfter: fc.integer({ min: 0, max: 12 }),
    }),
    { minLength: 1, maxLength: 6 },
  );
  const sent = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(receivers, sent, fc.infiniteStream(fc.nat(5)), async (plans, queues, turns) => {
      const messages = queues.map((queue, index) => ({ queue, id: `${queue}${index}` }));
      const server = new RandomServer(messages, () => turns.next().value ?? 0);
      const under = new LongPolls(server);
      const received = await Promise.all(
        plans.map(async ({ abortAfter, ...plan }) => {
          const controller = new AbortController();
          const receiving = under.receive(request({ ...plan, signal: controller.signal }));
          for (let turn = abortAfter; turn > 0; turn -= 1) await tick();
          controller.abort();
          const got = await receiving;
          expect(got.length).toBeLessThanOrEqual(plan.maxMessages);
          for (const message of got) expect(plan.queues).toContain(message[0]);
          return got;
        }),
      );
      await under.close();
      const left = [...server.waiting.values()].flat();
      expect([...received.flat(), ...left].sort()).toEqual(messages.map(({ id }) => id).sort());
    }),
    { numRuns: 200 },
  );
});
