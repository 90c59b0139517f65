/** Tells waiters in this process that a job's record changed. A hint only: the store is the truth, and a hint may be lost. */
export interface JobEvents {
  /** A waiter that has heard nothing for so long should read the job itself. */
  readonly rereadAfterMs: number;
  publish(executionId: string): void;
  /** Returns the unsubscribe function. */
  subscribe(executionId: string, listener: () => void): () => void;
}
