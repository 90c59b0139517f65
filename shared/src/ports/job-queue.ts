export interface JobMessage {
  readonly executionId: string;
  readonly language: string;
}

export interface Delivery {
  readonly message: JobMessage;
  /** Names this delivery; a later delivery of the same message has another one, and the older one loses its power. */
  readonly receipt: string;
  /** 1 at the first delivery. */
  readonly receiveCount: number;
}

/**
 * At-least-once queue with a visibility timeout, one logical queue per language (SQS semantics).
 * Throws only AppError: `dependency_unavailable`, which may pass, or its subclass FatalDependencyError, which does not.
 * Order is best effort. A message received more than `maxReceiveCount` times moves to the dead letters.
 */
export interface JobQueue {
  /** `group`: whose message it is, so that a queue can keep one tenant's flood from holding up the others. */
  send(message: JobMessage, options?: { delayMs?: number; group?: string }): Promise<void>;
  /** Waits up to `waitMs` for at least one message; resolves early with [] when `signal` aborts. Never throws on abort. */
  receive(request: {
    languages: readonly string[];
    maxMessages: number;
    waitMs: number;
    visibilityMs: number;
    signal?: AbortSignal;
  }): Promise<readonly Delivery[]>;
  /** Makes the message visible again `visibilityMs` from now (0 = at once). False when the receipt is no longer current. */
  setVisibility(receipt: string, visibilityMs: number): Promise<boolean>;
  /** The same for many at once; in the order of the receipts. */
  setVisibilities(receipts: readonly string[], visibilityMs: number): Promise<readonly boolean[]>;
  /** Idempotent. False when the receipt is no longer current (the message may come again). */
  delete(receipt: string): Promise<boolean>;
  /** Messages waiting or in flight, over the given languages. */
  depth(languages: readonly string[]): Promise<number>;
  /** The same, for the dead letters of all languages. `receiveCount` counts dead-letter deliveries. */
  receiveDead(request: { maxMessages: number; visibilityMs: number }): Promise<readonly Delivery[]>;
  deleteDead(receipt: string): Promise<boolean>;
  ping(): Promise<void>;
}
