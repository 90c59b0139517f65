import type { ResendLedger } from '@runyard/shared/ports';

interface Sent {
  readonly count: number;
  readonly dueAtMs: number;
}

/** A ledger as a table would keep it: one for all sweepers of a test, and over their restarts. */
export class MemoryResendLedger implements ResendLedger {
  readonly #sent = new Map<string, Sent>();

  async takeResend(
    executionId: string,
    { nowMs, pauseMs }: { nowMs: number; pauseMs: number },
  ): Promise<number | null> {
    const last = this.#sent.get(executionId) ?? { count: 0, dueAtMs: 0 };
    if (nowMs < last.dueAtMs) return null;
    this.#sent.set(executionId, { count: last.count + 1, dueAtMs: nowMs + pauseMs * 2 ** last.count });
    return last.count + 1;
  }
}
