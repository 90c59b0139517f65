/**
 * Receiving from queues that can only be asked one by one, without losing a message:
 *
 * - A poll on the wire is never aborted: the server may just have answered it, and what it sent would stay invisible until its time
 *   is over. So polls are short (POLL_MS), and who no longer waits leaves his poll behind.
 * - What a poll brings goes to who started it, else to whoever waits for that queue, else it is given back at once.
 * - One queue: the poll asks for as much as there is room for, and is the answer.
 * - Several queues: first a short look at one after the other, which cannot bring more than there is room for; when all are empty,
 *   a long poll for one message at each of them. The polls that were left behind serve the next receive; a queue has one at most.
 * - A queue that failed is asked again after a pause that grows.
 */
import { AppError, FatalDependencyError, InternalError } from '../../errors/index.ts';
import { backOffMs } from './back-off.ts';

/** Longest poll, and so the longest that closing takes: 5 s cost 0.2 requests per second and idle queue. */
export const POLL_MS = 5_000;
/** A poll waits whole seconds and its answer takes time. */
const LATE_MS = 1_500;

export interface Wire<Message> {
  /** One call. @throws AppError. */
  poll(queue: string, ask: { maxMessages: number; waitMs: number; visibilityMs: number }): Promise<readonly Message[]>;
  /** Makes messages visible again. Never rejects: their time will be over anyway. */
  giveBack(queue: string, messages: readonly Message[]): Promise<void>;
}

export interface PollRequest<Message> {
  readonly queues: readonly string[];
  readonly maxMessages: number;
  readonly waitMs: number;
  readonly visibilityMs: number;
  readonly signal: AbortSignal | undefined;
  /** Messages that this receiver cannot use go to others. */
  readonly accepts: (message: Message) => boolean;
}

export class LongPolls<Message> {
  readonly #wire: Wire<Message>;
  readonly #waiters = new Set<Waiter<Message>>();
  /** Polls on the wire, by queue. */
  readonly #polls = new Map<string, Set<Promise<void>>>();
  readonly #givingBack = new Set<Promise<void>>();
  readonly #failures = new Map<string, { readonly count: number; readonly retryAtMs: number }>();
  #turn = 0;
  #isClosed = false;

  constructor(wire: Wire<Message>) {
    this.#wire = wire;
  }

  async receive(request: PollRequest<Message>): Promise<readonly Message[]> {
    // What was just given up must not be missed by who comes now.
    await Promise.all(this.#givingBack);
    if (this.#isClosed || request.signal?.aborted === true) return [];
    const waiter = new Waiter(request);
    this.#waiters.add(waiter);
    try {
      if (request.queues.length > 1 || request.waitMs <= 0) await this.#look(waiter);
      if (waiter.messages.length === 0 && request.waitMs > 0) this.#wait(waiter);
      else waiter.end();
      return await waiter.ended;
    } finally {
      this.#waiters.delete(waiter);
    }
  }

  /** Ends who waits, lets polls come to their end and gives back what they bring. Takes up to POLL_MS. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const waiter of this.#waiters) waiter.end();
    while (this.#polls.size > 0) await Promise.all([...this.#polls.values()].flatMap((polls) => [...polls]));
    await Promise.all(this.#givingBack);
  }

  /** Short polls, each time starting at another queue so that none is always the last. */
  async #look(waiter: Waiter<Message>): Promise<void> {
    const { queues, waitMs } = waiter.request;
    this.#turn += 1;
    for (let index = 0; index < queues.length; index += 1) {
      const queue = queues[(index + this.#turn) % queues.length];
      if (waiter.room === 0 || waiter.isEnded) return;
      // A poll that hangs there has found it empty; a failed one is left to the wait, which keeps the pause.
      if (queue === undefined || (waitMs > 0 && (this.#polls.has(queue) || this.#failures.has(queue)))) continue;
      await this.#poll(queue, waiter, { maxMessages: waiter.room, waitMs: 0 });
    }
  }

  #wait(waiter: Waiter<Message>): void {
    waiter.takeFirst();
    const { queues } = waiter.request;
    for (const queue of queues) void this.#keepPolling(queue, waiter);
  }

  async #keepPolling(queue: string, waiter: Waiter<Message>): Promise<void> {
    waiter.pollers += 1;
    const isOnly = waiter.request.queues.length === 1;
    const maxMessages = isOnly ? waiter.room : 1;
    if (!isOnly) await Promise.all(this.#polls.get(queue) ?? new Set<Promise<void>>());
    while (await this.#isTimeToPoll(queue, waiter)) {
      await this.#poll(queue, waiter, { maxMessages, waitMs: Math.min(waiter.leftMs, POLL_MS) });
    }
    waiter.pollers -= 1;
    if (waiter.pollers === 0 && waiter.leftMs <= 0) waiter.end();
  }

  /** After the pause that a failed queue is given; false when there is nothing to poll for any more. */
  async #isTimeToPoll(queue: string, waiter: Waiter<Message>): Promise<boolean> {
    const pauseMs = (this.#failures.get(queue)?.retryAtMs ?? 0) - performance.now();
    if (pauseMs > 0) await waiter.pause(pauseMs);
    return !waiter.isEnded && !this.#isClosed && waiter.leftMs > 0;
  }

  /** Resolves when the poll has ended, whatever it brought. */
  #poll(queue: string, waiter: Waiter<Message>, ask: { maxMessages: number; waitMs: number }): Promise<void> {
    const { visibilityMs } = waiter.request;
    const polls = this.#polls.get(queue) ?? new Set();
    const poll = this.#wire
      .poll(queue, { ...ask, visibilityMs })
      .then(
        (messages) => {
          this.#failures.delete(queue);
          this.#hand(queue, waiter, messages);
        },
        (error: unknown) => this.#noteFailure(queue, waiter, error),
      )
      .finally(() => {
        polls.delete(poll);
        if (polls.size === 0) this.#polls.delete(queue);
      });
    this.#polls.set(queue, polls.add(poll));
    return poll;
  }

  #hand(queue: string, owner: Waiter<Message>, messages: readonly Message[]): void {
    let rest = owner.take(messages);
    for (const waiter of this.#waiters) {
      const { queues, visibilityMs } = waiter.request;
      if (rest.length === 0) return;
      if (queues.includes(queue) && visibilityMs === owner.request.visibilityMs) rest = waiter.take(rest);
    }
    if (rest.length === 0) return;
    const giving = this.#wire.giveBack(queue, rest).finally(() => this.#givingBack.delete(giving));
    this.#givingBack.add(giving);
  }

  /** One of several queues may be out of order without holding up the others; a queue that does not exist ends it all. */
  #noteFailure(queue: string, waiter: Waiter<Message>, error: unknown): void {
    const count = (this.#failures.get(queue)?.count ?? 0) + 1;
    this.#failures.set(queue, { count, retryAtMs: performance.now() + backOffMs(count, Math.random()) });
    const others = waiter.request.queues.filter((other) => other !== queue);
    const isLast = others.every((other) => this.#failures.has(other));
    if (error instanceof FatalDependencyError || isLast) waiter.fail(error);
  }
}

/** One receive under way. */
class Waiter<Message> {
  readonly request: PollRequest<Message>;
  readonly messages: Message[] = [];
  readonly ended: Promise<readonly Message[]>;
  isEnded = false;
  pollers = 0;
  readonly #deadlineMs: number;
  #endsWithFirst = false;
  #resolve: (messages: readonly Message[]) => void = () => undefined;
  #reject: (error: AppError) => void = () => undefined;
  readonly #timers = new Map<NodeJS.Timeout, () => void>();

  constructor(request: PollRequest<Message>) {
    this.request = request;
    this.#deadlineMs = performance.now() + request.waitMs;
    this.ended = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.ended.catch(() => undefined);
    request.signal?.addEventListener('abort', this.#onAbort);
  }

  get room(): number {
    return this.isEnded ? 0 : this.request.maxMessages - this.messages.length;
  }

  get leftMs(): number {
    return this.#deadlineMs - performance.now();
  }

  /** From now on the first messages are the answer, and the time is running. */
  takeFirst(): void {
    this.#endsWithFirst = true;
    void this.pause(this.leftMs + LATE_MS).then(() => this.end());
  }

  /** Returns those for which there is no room. */
  take(messages: readonly Message[]): readonly Message[] {
    const taken = messages.filter((message) => this.request.accepts(message)).slice(0, Math.max(this.room, 0));
    this.messages.push(...taken);
    if (this.#endsWithFirst && taken.length > 0) this.end();
    return messages.filter((message) => !taken.includes(message));
  }

  /** Ends early when the wait does. */
  pause(ms: number): Promise<void> {
    if (this.isEnded) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        resolve();
      }, ms);
      this.#timers.set(timer, resolve);
    });
  }

  end(): void {
    this.#finish(() => this.#resolve(this.messages));
  }

  /** Messages that it has already are not thrown away with the error. */
  fail(error: unknown): void {
    if (this.messages.length > 0) return;
    this.#finish(() => this.#reject(error instanceof AppError ? error : new InternalError(error)));
  }

  readonly #onAbort = (): void => this.end();

  #finish(tell: () => void): void {
    if (this.isEnded) return;
    this.isEnded = true;
    this.request.signal?.removeEventListener('abort', this.#onAbort);
    for (const [timer, resolve] of this.#timers) {
      clearTimeout(timer);
      resolve();
    }
    this.#timers.clear();
    tell();
  }
}
