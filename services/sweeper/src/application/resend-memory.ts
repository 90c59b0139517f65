/** Pauses before the same job is sent again while its queue holds other messages: 1, 10, 100 minutes, then a day. */
const PAUSES_MS = [60_000, 60_000, 600_000, 6_000_000] as const;
const LONGEST_PAUSE_MS = 86_400_000;

interface Sent {
  readonly count: number;
  readonly atMs: number;
}

/**
 * What this process has sent again, so that duplicates of one job stay few: at most one a minute where the queue was seen
 * empty, else ever rarer. Forgotten at a restart, which costs one duplicate per job that waits then.
 */
export class ResendMemory {
  readonly #sent = new Map<string, Sent>();

  /** Whether the job may be sent again now; if so, it counts as sent. */
  take(executionId: string, { nowMs, isQueueEmpty }: { nowMs: number; isQueueEmpty: boolean }): boolean {
    const last = this.#sent.get(executionId) ?? { count: 0, atMs: Number.NEGATIVE_INFINITY };
    const pauseMs = isQueueEmpty ? PAUSES_MS[0] : (PAUSES_MS[last.count] ?? LONGEST_PAUSE_MS);
    if (nowMs - last.atMs < pauseMs) return false;
    this.#sent.set(executionId, { count: last.count + 1, atMs: nowMs });
    return true;
  }

  /** Forgets all others, so that the memory is never larger than one sweep's list. */
  keepOnly(executionIds: ReadonlySet<string>): void {
    for (const id of this.#sent.keys()) if (!executionIds.has(id)) this.#sent.delete(id);
  }
}
