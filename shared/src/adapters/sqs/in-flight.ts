/**
 * What this process holds of the queue. SQS answers a call with an old receipt as if all were well, and forgets receipts of
 * deleted messages; so who asks whether a receipt is current is answered from here. A redelivery to another process is not seen:
 * a call then goes out and does no harm, since jobs are settled once, by their attempt.
 */
export interface InFlightMessage {
  readonly kind: 'work' | 'dead';
  readonly queue: string;
  readonly messageId: string;
  /** SQS's name of this delivery. */
  readonly handle: string;
}

/** Longer than any delivery is kept: SQS ends the visibility of a message 12 hours after its receive, however often prolonged. */
const FORGET_AFTER_MS = 12 * 3600 * 1000;

export class InFlight {
  readonly #messages = new Map<string, InFlightMessage & { readonly atMs: number }>();
  readonly #receipts = new Map<string, string>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** The receipt of the delivery; receipts of earlier deliveries of the same message lose their power. */
  add(message: InFlightMessage): string {
    this.#forgetOld();
    const receipt = `${message.kind}/${message.queue}/${message.handle}`;
    const before = this.#receipts.get(message.messageId);
    if (before !== undefined) this.#messages.delete(before);
    this.#messages.set(receipt, { ...message, atMs: this.#nowMs() });
    this.#receipts.set(message.messageId, receipt);
    return receipt;
  }

  find(kind: InFlightMessage['kind'], receipt: string): InFlightMessage | null {
    const message = this.#messages.get(receipt);
    return message?.kind === kind ? message : null;
  }

  remove(receipt: string): void {
    const message = this.#messages.get(receipt);
    if (message === undefined) return;
    this.#messages.delete(receipt);
    this.#receipts.delete(message.messageId);
  }

  /** The oldest come first, in the order in which they were added. */
  #forgetOld(): void {
    for (const [receipt, { atMs }] of this.#messages) {
      if (this.#nowMs() - atMs < FORGET_AFTER_MS) return;
      this.remove(receipt);
    }
  }
}
