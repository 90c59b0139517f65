import type { JobQueue } from '@runyard/shared/ports';

/** A reading older than this is taken again. Between readings every admitted job counts as still waiting. */
const READING_LIFE_MS = 200;

/**
 * Keeps the queue bounded without asking its depth for each job. The count errs on the full side only (jobs that left since
 * the reading still count), and before anything is refused the depth is read again. Other gateways can overshoot by what they
 * admit within one reading's life.
 */
export class QueueGate {
  readonly #queue: JobQueue;
  readonly #languages: readonly string[];
  readonly #limit: number;
  readonly #monotonicMs: () => number;
  #depth = 0;
  #readAtMs = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | null = null;

  constructor(queue: JobQueue, options: { languages: readonly string[]; limit: number; monotonicMs?: () => number }) {
    this.#queue = queue;
    this.#languages = options.languages;
    this.#limit = options.limit;
    this.#monotonicMs = options.monotonicMs ?? (() => performance.now());
  }

  /** True: one more job may be sent, and is counted. Throws what the queue throws. */
  async admit(): Promise<boolean> {
    const isFresh = this.#monotonicMs() - this.#readAtMs < READING_LIFE_MS;
    if (!isFresh || this.#depth >= this.#limit) await this.#read();
    if (this.#depth >= this.#limit) return false;
    this.#depth += 1;
    return true;
  }

  /** One reading at a time; whoever comes meanwhile shares it. */
  async #read(): Promise<void> {
    this.#reading ??= this.#queue
      .depth(this.#languages)
      .then((depth) => {
        this.#depth = depth;
        this.#readAtMs = this.#monotonicMs();
      })
      .finally(() => {
        this.#reading = null;
      });
    await this.#reading;
  }
}
