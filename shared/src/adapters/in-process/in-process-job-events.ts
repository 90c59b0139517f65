import type { JobEvents } from '../../ports/index.ts';

type Listener = () => void;

/** Hints between the parts of one process. A listener that throws does not keep the others from hearing; the first error is rethrown. */
export class InProcessJobEvents implements JobEvents {
  /** What another process changes is heard of here by nobody. */
  readonly rereadAfterMs = 2_000;
  readonly #listeners = new Map<string, Set<Listener>>();

  /** Calls every listener of the job before it returns. */
  publish(executionId: string): void {
    const listeners = this.#listeners.get(executionId);
    if (listeners === undefined) return;
    const errors: unknown[] = [];
    // A copy: a listener may unsubscribe itself or others.
    for (const listener of Array.from(listeners)) {
      try {
        listener();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }

  subscribe(executionId: string, listener: Listener): () => void {
    // Wrapped, so that the same function may subscribe twice and leave once.
    const own: Listener = () => listener();
    const listeners = this.#listeners.get(executionId) ?? new Set();
    listeners.add(own);
    this.#listeners.set(executionId, listeners);
    return () => {
      listeners.delete(own);
      if (listeners.size === 0 && this.#listeners.get(executionId) === listeners) this.#listeners.delete(executionId);
    };
  }

  /** Jobs that somebody listens to: 0 when nothing leaked. */
  get size(): number {
    return this.#listeners.size;
  }
}
