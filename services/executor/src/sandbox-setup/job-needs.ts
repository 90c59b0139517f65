import { setTimeout as sleep } from 'node:timers/promises';

/** Asked often and answered soon, so that trouble shows within five seconds. */
const EVERY_MS = 1_500;
const DEADLINE_MS = 2_500;
/** For checks that do not know a deadline of their own, such as a call to a store with tries of its own. */
const SILENCE_MS = 3_000;
const SILENT = 'what jobs need does not answer in time';

export interface JobNeedsOptions {
  /** Rejects when jobs cannot be run now, or does not know so within the deadline. */
  readonly check: (deadlineMs: number) => Promise<void>;
  readonly everyMs?: number;
  /** A check without an end after so long is trouble until it has one. */
  readonly deadlineMs?: number;
  readonly onChange?: (trouble: string | null) => void;
}

/** Watches what jobs need and can be missing for a while: a container engine, room on the disk. */
export class JobNeeds {
  readonly #options: JobNeedsOptions;
  readonly #end = new AbortController();
  readonly #waiters = new Set<() => void>();
  #trouble: string | null = null;
  #loop: Promise<void> | null = null;

  constructor(options: JobNeedsOptions) {
    this.#options = options;
  }

  /** What is wrong, or null. */
  get trouble(): string | null {
    return this.#trouble;
  }

  start(): void {
    this.#loop ??= this.#watch();
  }

  async stop(): Promise<void> {
    this.#end.abort();
    await this.#loop;
  }

  /** Resolves at once while all is well, else when it is again or `signal` aborts. */
  async untilWell(signal: AbortSignal): Promise<void> {
    if (this.#trouble === null || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        this.#waiters.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#waiters.add(wake);
      signal.addEventListener('abort', wake);
    });
  }

  async #watch(): Promise<void> {
    const { signal } = this.#end;
    const { everyMs = EVERY_MS, deadlineMs = SILENCE_MS } = this.#options;
    let asking: Promise<string | null> | null = null;
    while (!signal.aborted) {
      asking ??= this.#ask();
      const trouble = await Promise.race([asking, silence(deadlineMs, signal)]);
      if (trouble !== SILENT) asking = null;
      if (!signal.aborted) this.#set(trouble);
      await sleep(everyMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Never rejects. */
  #ask(): Promise<string | null> {
    return this.#options.check(DEADLINE_MS).then(
      () => null,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
  }

  #set(trouble: string | null): void {
    const hasChanged = (this.#trouble === null) !== (trouble === null);
    this.#trouble = trouble;
    if (!hasChanged) return;
    if (trouble === null) for (const wake of this.#waiters) wake();
    this.#options.onChange?.(trouble);
  }
}

/** Ends with the watch as well. */
async function silence(deadlineMs: number, signal: AbortSignal): Promise<string> {
  await sleep(deadlineMs, undefined, { signal }).catch(() => undefined);
  return SILENT;
}
