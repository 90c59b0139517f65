/** Parts of setting up, roughly in the order in which they happen; a part that has nothing to do is left out. */
export type SetupPhase = 'waiting' | 'tools' | 'packages' | 'npm' | 'prepare' | 'finish' | 'binaries' | 'done';

export interface SetupProgress {
  readonly phase: SetupPhase;
  /** One line for a person, without a full stop. */
  readonly message: string;
  /** Since the call that reports. */
  readonly elapsedMs: number;
}

export type ProgressListener = (progress: SetupProgress) => void;

export type Report = (phase: SetupPhase, message: string) => void;

const REPEAT_AFTER_MS = 10_000;

/**
 * Adds the elapsed time, and repeats the last message when nothing was said for ten seconds, so that a slow download does
 * not look like a standstill. Dispose of it to stop the repeating.
 */
export class ProgressReporter implements Disposable {
  readonly #listener: ProgressListener | undefined;
  readonly #startedAt = performance.now();
  #last: { phase: SetupPhase; message: string } | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(listener: ProgressListener | undefined) {
    this.#listener = listener;
  }

  get elapsedMs(): number {
    return Math.round(performance.now() - this.#startedAt);
  }

  readonly report: Report = (phase, message) => {
    this.#last = { phase, message };
    this.#listener?.({ phase, message, elapsedMs: this.elapsedMs });
    if (this.#timer) this.#timer.refresh();
    else this.#timer = setInterval(() => this.#repeat(), REPEAT_AFTER_MS).unref();
  };

  [Symbol.dispose](): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
  }

  #repeat(): void {
    if (this.#last) this.#listener?.({ ...this.#last, elapsedMs: this.elapsedMs });
  }
}
