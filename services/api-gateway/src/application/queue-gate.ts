import type { JobQueue } from '@runyard/shared/ports';

/** A reading older than this is taken again. Between readings every admitted job counts as still waiting. */
const READING_LIFE_MS = 200;
/** While the queue does not tell its depth, the last reading serves for so long: jobs are recorded, and sent when it is back. */
const LAST_READING_LIFE_MS = 60_000;

export interface QueueGateOptions {
  readonly languages: readonly string[];
  /** Jobs waiting or running. */
  readonly limit: number;
  readonly readingLifeMs?: number;
  /** Between two readings, also when the gate refuses. */
  readonly leastPauseMs?: number;
  readonly monotonicMs?: () => number;
}

/**
 * Keeps the queue bounded without asking its depth for each job. The count errs on the full side only (jobs that left since
 * the reading still count), and before anything is refused the depth is read again, unless that was done a moment ago. Other
 * gateways can overshoot by what they admit within one reading's life.
 */
export class QueueGate {
  readonly #queue: JobQueue;
  readonly #options: Required<QueueGateOptions>;
  #depth = 0;
  #readAtMs = Number.NEGATIVE_INFINITY;
  #askedAtMs = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | null = null;

  constructor(queue: JobQueue, options: QueueGateOptions) {
    this.#queue = queue;
    this.#options = {
      readingLifeMs: READING_LIFE_MS,
      leastPauseMs: 0,
      monotonicMs: () => performance.now(),
      ...options,
    };
  }

  /**
   * True: one more job of the language may be sent, and is counted. When the depth of all queues has not been told for long, the
   * language's own decides, so that one queue that is out of order does not close the others. Throws what that one throws.
   */
  async admit(language: string): Promise<boolean> {
    const { limit, readingLifeMs, leastPauseMs, monotonicMs } = this.#options;
    const isFresh = monotonicMs() - this.#readAtMs < readingLifeMs;
    const mayAsk = this.#reading !== null || monotonicMs() - this.#askedAtMs >= leastPauseMs;
    if (mayAsk && (!isFresh || this.#depth >= limit)) await this.#read();
    if (monotonicMs() - this.#readAtMs > LAST_READING_LIFE_MS) return (await this.#queue.depth([language])) < limit;
    if (this.#depth >= limit) return false;
    this.#depth += 1;
    return true;
  }

  /** One reading at a time; whoever comes meanwhile shares it. */
  async #read(): Promise<void> {
    this.#askedAtMs = this.#options.monotonicMs();
    this.#reading ??= this.#queue
      .depth(this.#options.languages)
      .then(
        (depth) => {
          this.#depth = depth;
          this.#readAtMs = this.#options.monotonicMs();
        },
        () => undefined, // The last reading serves for a while.
      )
      .finally(() => {
        this.#reading = null;
      });
    await this.#reading;
  }
}
