import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Delivery, JobQueue } from '../ports/index.ts';

export interface JobQueueHarness {
  /** An empty queue, with a maximum of 10 deliveries per message. */
  readonly queue: JobQueue;
  /** For messages of the test: as short as the test's own calls let it be where time is real. Whole seconds, 5 or more. */
  readonly visibilityMs: number;
  /** Lets the queue's time pass. */
  passMs(ms: number): Promise<void>;
  dispose(): Promise<void>;
}

const MAX_RECEIVE_COUNT = 10;
/** For messages that are there or about to be; a queue of many servers may need a moment to find them. */
const PATIENCE_MS = 20_000;
/** How long before its end a visibility is tried: calls on a busy machine take their time. */
const EARLY_MS = 4_000;

function ids(deliveries: readonly Delivery[]): readonly string[] {
  return deliveries.map((delivery) => delivery.message.executionId);
}

/** What every JobQueue must do. Times are whole seconds, which is what SQS knows. */
export function jobQueueContract(name: string, makeQueue: () => Promise<JobQueueHarness>): void {
  describe(`JobQueue contract: ${name}`, () => {
    let harness: JobQueueHarness;
    let queue: JobQueue;
    let visibilityMs: number;
    beforeEach(async () => {
      harness = await makeQueue();
      ({ queue, visibilityMs } = harness);
    });
    afterEach(() => harness.dispose());

    const receive = (overrides: Partial<Parameters<JobQueue['receive']>[0]> = {}) =>
      queue.receive({ languages: ['python'], maxMessages: 10, waitMs: 0, visibilityMs, ...overrides });
    const receiveOne = async (): Promise<Delivery> => {
      const [delivery] = await receive({ maxMessages: 1, waitMs: PATIENCE_MS });
      if (delivery === undefined) throw new Error('nothing was received');
      return delivery;
    };
    const send = (executionId: string, language = 'python') => queue.send({ executionId, language });

    const poison = async (id: string) => {
      await send(id);
      for (let count = 1; count <= MAX_RECEIVE_COUNT; count += 1) {
        const { receipt, receiveCount } = await receiveOne();
        expect(receiveCount).toBe(count);
        await queue.setVisibility(receipt, 0);
      }
    };

    /** There is no long poll for dead letters, and no wake when one becomes visible again. */
    const receiveDead = async (): Promise<readonly Delivery[]> => {
      for (let waitedMs = 0; waitedMs < PATIENCE_MS; waitedMs += 1000) {
        const deliveries = await queue.receiveDead({ maxMessages: 10, visibilityMs });
        if (deliveries.length > 0) return deliveries;
        await harness.passMs(1000);
      }
      return [];
    };

    test('a message is received once while it is in flight', async () => {
      await send('a');
      expect(await receive()).toEqual([
        { message: { executionId: 'a', language: 'python' }, receipt: expect.any(String), receiveCount: 1 },
      ]);
      expect(await receive()).toEqual([]);
    });

    test('nothing comes from an empty queue, from no language and for no room', async () => {
      expect(await receive()).toEqual([]);
      await send('a');
      expect(await receive({ languages: [] })).toEqual([]);
      expect(await receive({ maxMessages: 0 })).toEqual([]);
      expect(ids(await receive())).toEqual(['a']);
    });

    test('each language is a queue of its own', async () => {
      await send('p', 'python');
      await send('c', 'c');
      await send('b', 'bash');
      expect(ids(await receive({ languages: ['c'] }))).toEqual(['c']);
      expect(ids(await receive({ languages: ['python', 'bash'] })).toSorted()).toEqual(['b', 'p']);
    });

    test('the same message may be sent twice and comes twice', async () => {
      await send('a');
      await send('a');
      expect(ids(await receive())).toEqual(['a', 'a']);
    });

    test('no more than asked for', async () => {
      for (const id of ['a', 'b', 'c']) await send(id);
      expect(await receive({ maxMessages: 2 })).toHaveLength(2);
      expect(await receive({ maxMessages: 2 })).toHaveLength(1);
    });

    test('receivers at once never share a message', async () => {
      const sent = Array.from({ length: 40 }, (_, index) => `m${index}`);
      for (const id of sent) await send(id);
      const received = await Promise.all(Array.from({ length: 8 }, () => receive({ maxMessages: 5 })));
      expect(received.flatMap((batch) => ids(batch)).sort()).toEqual([...sent].sort());
    });

    test('a message comes again when its visibility is over, with a higher count', async () => {
      await send('a');
      await receive();
      await harness.passMs(visibilityMs - EARLY_MS);
      expect(await receive()).toEqual([]);
      await harness.passMs(EARLY_MS);
      expect([await receiveOne()]).toMatchObject([{ message: { executionId: 'a' }, receiveCount: 2 }]);
    });

    test('the receipt of an old delivery has no power', async () => {
      await send('a');
      const first = await receiveOne();
      await harness.passMs(visibilityMs);
      const second = await receiveOne();
      expect(second.receipt).not.toBe(first.receipt);
      expect(await queue.delete(first.receipt)).toBe(false);
      expect(await queue.setVisibility(first.receipt, 0)).toBe(false);
      expect(await receive()).toEqual([]);
      expect(await queue.depth(['python'])).toBe(1);
      expect(await queue.delete(second.receipt)).toBe(true);
    });

    test('a deleted message never comes again; deleting twice is no error', async () => {
      await send('a');
      const { receipt } = await receiveOne();
      expect(await queue.delete(receipt)).toBe(true);
      expect(await queue.delete(receipt)).toBe(false);
      await harness.passMs(visibilityMs + 1000);
      expect(await receive()).toEqual([]);
    });

    test('a receipt that never was is not current', async () => {
      for (const receipt of ['', 'x', '1', '1.0', '1.1', '9999.1', "1.1' OR 1=1"]) {
        expect(await queue.delete(receipt)).toBe(false);
        expect(await queue.setVisibility(receipt, 0)).toBe(false);
        expect(await queue.deleteDead(receipt)).toBe(false);
      }
    });

    test('visibility can be given up and prolonged', async () => {
      await send('a');
      const first = await receiveOne();
      expect(await queue.setVisibility(first.receipt, 0)).toBe(true);
      const second = await receiveOne();
      expect(second.receiveCount).toBe(2);
      await harness.passMs(visibilityMs - EARLY_MS);
      expect(await queue.setVisibility(second.receipt, 2 * visibilityMs)).toBe(true);
      await harness.passMs(2 * visibilityMs - EARLY_MS);
      expect(await receive()).toEqual([]);
      await harness.passMs(EARLY_MS);
      expect((await receiveOne()).receiveCount).toBe(3);
    });

    test('visibilities are set in bulk, answered in the order of the receipts', async () => {
      const sent = Array.from({ length: 12 }, (_, index) => `m${index}`);
      for (const id of sent) await send(id);
      const received: Delivery[] = [];
      while (received.length < sent.length) received.push(...(await receive({ waitMs: PATIENCE_MS })));
      const [deleted, ...kept] = received.map(({ receipt }) => receipt);
      expect(await queue.delete(deleted ?? '')).toBe(true);
      const answers = await queue.setVisibilities(['x', ...kept, deleted ?? ''], 0);
      expect(answers).toEqual([false, ...kept.map(() => true), false]);
      expect(await queue.setVisibilities([], 0)).toEqual([]);
      const again: string[] = [];
      while (again.length < kept.length) again.push(...ids(await receive({ waitMs: PATIENCE_MS })));
      expect(again.sort()).toEqual(ids(received.slice(1)).toSorted());
    });

    test('a message of a group is a message like any other, whatever the group is called', async () => {
      const groups = ['owner-1', 'owner-1', '', 'ü', 'x'.repeat(300)];
      for (const [index, group] of groups.entries()) {
        await queue.send({ executionId: `m${index}`, language: 'python' }, { group });
      }
      const received: string[] = [];
      while (received.length < groups.length) received.push(...ids(await receive({ waitMs: PATIENCE_MS })));
      expect(received.sort()).toEqual(['m0', 'm1', 'm2', 'm3', 'm4']);
    });

    test('a delayed message waits', async () => {
      await queue.send({ executionId: 'a', language: 'python' }, { delayMs: 5000 });
      expect(await receive()).toEqual([]);
      expect(await queue.depth(['python'])).toBe(1);
      await harness.passMs(5000);
      expect(ids(await receive({ waitMs: PATIENCE_MS }))).toEqual(['a']);
    });

    test('depth counts what waits and what is in flight, of the languages asked for', async () => {
      expect(await queue.depth(['python', 'c'])).toBe(0);
      await send('a');
      await send('b');
      await send('x', 'c');
      const { receipt } = await receiveOne();
      expect(await queue.depth(['python'])).toBe(2);
      expect(await queue.depth(['python', 'c', 'none'])).toBe(3);
      await queue.delete(receipt);
      expect(await queue.depth(['python', 'c'])).toBe(2);
    });

    describe('dead letters', () => {
      test('take a message that was received too often, and let pass what stands behind it', async () => {
        await poison('bad');
        await send('good');
        expect(await queue.receiveDead({ maxMessages: 10, visibilityMs })).toEqual([]);
        expect(ids(await receive({ maxMessages: 1, waitMs: PATIENCE_MS }))).toEqual(['good']);
        expect(await queue.depth(['python'])).toBe(1);
        expect(await receiveDead()).toMatchObject([
          { message: { executionId: 'bad', language: 'python' }, receiveCount: 1 },
        ]);
      });

      test('have visibility and receipts like the others', async () => {
        await poison('bad');
        await receive();
        const request = { maxMessages: 1, visibilityMs };
        const [first] = await receiveDead();
        expect(await queue.receiveDead(request)).toEqual([]);
        await harness.passMs(visibilityMs);
        const [second] = await receiveDead();
        expect(second).toMatchObject({ receiveCount: 2 });
        expect(await queue.deleteDead(first?.receipt ?? '')).toBe(false);
        expect(await queue.deleteDead(second?.receipt ?? '')).toBe(true);
        expect(await queue.deleteDead(second?.receipt ?? '')).toBe(false);
        await harness.passMs(visibilityMs);
        expect(await queue.receiveDead(request)).toEqual([]);
      });
    });

    describe('long poll', () => {
      test('ends with the message that was sent meanwhile', async () => {
        const waiting = receive({ waitMs: 20_000 });
        await send('a');
        expect(ids(await waiting)).toEqual(['a']);
      });

      test('a message of another language does not end it', async () => {
        const controller = new AbortController();
        const waiting = receive({ waitMs: 20_000, signal: controller.signal });
        await send('x', 'c');
        await send('a');
        expect(ids(await waiting)).toEqual(['a']);
        controller.abort();
      });

      test('of two that wait, one gets the message and the other waits on', async () => {
        const controllers = [new AbortController(), new AbortController()];
        const results: string[] = [];
        const waiting = controllers.map(async ({ signal }) => {
          results.push(...ids(await receive({ waitMs: 20_000, signal })));
        });
        await send('a');
        await Promise.race(waiting);
        await send('b');
        await Promise.all(waiting);
        expect(results.sort()).toEqual(['a', 'b']);
      });

      test('ends empty when the time is over', async () => {
        expect(await receive({ waitMs: 20 })).toEqual([]);
      });

      test('ends empty when it is aborted, before or meanwhile, and takes nothing', async () => {
        const controller = new AbortController();
        const waiting = receive({ waitMs: 20_000, signal: controller.signal });
        controller.abort();
        expect(await waiting).toEqual([]);
        await send('a');
        expect(await receive({ waitMs: 20_000, signal: controller.signal })).toEqual([]);
        expect(ids(await receive({ waitMs: PATIENCE_MS }))).toEqual(['a']);
      });
    });

    test('ping answers', async () => {
      await expect(queue.ping()).resolves.toBeUndefined();
    });
  });
}
