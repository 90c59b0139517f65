/** Pauses before the same job is sent again while its queue holds other messages: 1, 10, 100 minutes, then a day. */
const PAUSES_MS = [60_000, 600_000, 6_000_000, 86_400_000] as const;

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

  maySend(executionId: string, { nowMs, isQueueEmpty }: { nowMs: number; isQueueEmpty: boolean }): boolean {
    const last = this.#sent.get(executionId);
    if (last === undefined) return true;
    const pauseMs = isQueueEmpty ? PAUSES_MS[0] : (PAUSES_MS[last.count] ?? PAUSES_MS[PAUSES_MS.length - 1]);
    return nowMs - last.atMs >= (pauseMs ?? 0);
  }

  sent(executionId: string, nowMs: number): void {
    const count = (this.#sent.get(executionId)?.count ?? 0) + 1;
    this.#sent.set(executionId, { count, atMs: nowMs });
  }

  /** Forgets all others, so that the memory is never larger than one sweep's list. */
  keepOnly(executionIds: ReadonlySet<string>): void {
    for (const id of this.#sent.keys()) if (!executionIds.has(id)) this.#sent.delete(id);
  }
}
