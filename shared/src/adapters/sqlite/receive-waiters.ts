/**
 * Long polls without polling: whoever finds the queue empty waits here. A send (or whatever else makes a message visible) wakes the
 * waiters at once; for messages in flight one timer is set to the moment at which the first of them becomes visible again.
 * The longest waiting is served first.
 */
export interface Waitable<Item> {
  /** What is there now; [] when nothing is. */
  take(): readonly Item[];
  /** When, in epoch milliseconds, something may be there for this waiter without a further wake; null when never. */
  nextAtMs(): number | null;
}

interface Waiter<Item> {
  readonly source: Waitable<Item>;
  readonly finish: (items: readonly Item[]) => void;
  readonly fail: (error: unknown) => void;
}

/** Longest sleep of the timer: a wall clock that was set back must not hold a message for long. */
const MAX_SLEEP_MS = 30_000;

export class ReceiveWaiters<Item> {
  readonly #waiters = new Set<Waiter<Item>>();
  readonly #nowMs: () => number;
  #timer: NodeJS.Timeout | undefined;
  #isWakePlanned = false;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Resolves with what a later `wake` gives to this waiter, or with [] after `waitMs` or when `signal` aborts. */
  wait(source: Waitable<Item>, waitMs: number, signal: AbortSignal | undefined): Promise<readonly Item[]> {
    if (signal?.aborted === true) return Promise.resolve([]);
    return new Promise((resolve, reject) => {
      const leave = () => {
        clearTimeout(deadline);
        signal?.removeEventListener('abort', onEnd);
        this.#waiters.delete(waiter);
        if (this.#waiters.size === 0) this.#setTimer(null);
      };
      const onEnd = () => {
        leave();
        resolve([]);
      };
      const waiter: Waiter<Item> = {
        source,
        finish: (items) => {
          leave();
          resolve(items);
        },
        fail: (error) => {
          leave();
          reject(error instanceof Error ? error : new Error(String(error)));
        },
      };
      const deadline = setTimeout(onEnd, waitMs);
      signal?.addEventListener('abort', onEnd);
      this.#waiters.add(waiter);
      this.#plan();
    });
  }

  /** Something may have become visible, now or at a time that no timer knows yet. Many calls in one turn serve once. */
  wake(): void {
    if (this.#isWakePlanned || this.#waiters.size === 0) return;
    this.#isWakePlanned = true;
    queueMicrotask(() => {
      this.#isWakePlanned = false;
      this.#serve();
    });
  }

  #serve(): void {
    for (const waiter of this.#waiters) {
      try {
        const items = waiter.source.take();
        if (items.length > 0) waiter.finish(items);
      } catch (error) {
        waiter.fail(error);
      }
    }
    this.#plan();
  }

  #plan(): void {
    let nextAtMs: number | null = null;
    for (const waiter of this.#waiters) {
      try {
        const atMs = waiter.source.nextAtMs();
        if (atMs !== null && (nextAtMs === null || atMs < nextAtMs)) nextAtMs = atMs;
      } catch (error) {
        waiter.fail(error);
      }
    }
    this.#setTimer(nextAtMs);
  }

  #setTimer(atMs: number | null): void {
    clearTimeout(this.#timer);
    if (atMs === null) return;
    const sleepMs = Math.min(Math.max(atMs - this.#nowMs(), 1), MAX_SLEEP_MS);
    this.#timer = setTimeout(() => this.#serve(), sleepMs);
  }
}
