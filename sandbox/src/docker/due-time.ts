import { LABEL } from './create-body.ts';
import type { ContainerTimes, ListedContainer } from './engine.ts';

/** After its deadline a container is its launcher's to end; so much later it is the reaper's. */
const GRACE_MS = 5_000;
/** A container that was made and not started by then: its maker died between the two calls. */
const NEVER_STARTED_MS = 60_000;
/** One that ended and that nobody took away. It does no harm, but holds its uid. A healthy launcher needs a tenth of a second. */
const LEFT_BEHIND_MS = 10_000;

export type ReapReason = 'past_deadline' | 'expired' | 'never_started' | 'left_behind';

export interface Due {
  readonly reason: ReapReason;
  /** From now; 0 or less: at once. */
  readonly inMs: number;
}

/**
 * When a container of ours may be removed by somebody who does not know its owner, and why; null: never, it has no readable
 * time. Only labels and the engine's own times count, nothing that a program inside can write. Pure.
 */
export function dueOf(container: ListedContainer, times: ContainerTimes, nowMs: number): Due | null {
  const all = [expired(container, nowMs), byState(container, times, nowMs)].filter((due) => due !== null);
  return all.toSorted((a, b) => a.inMs - b.inMs)[0] ?? null;
}

function expired({ labels }: ListedContainer, nowMs: number): Due | null {
  const atMs = positive(labels[LABEL.expires]);
  return atMs === null ? null : { reason: 'expired', inMs: atMs + GRACE_MS - nowMs };
}

function byState(container: ListedContainer, times: ContainerTimes, nowMs: number): Due | null {
  const { state, createdAtMs } = container;
  if (state === 'removing') return null;
  if (state === 'created') return { reason: 'never_started', inMs: createdAtMs + NEVER_STARTED_MS - nowMs };
  const pastDeadline = deadlineOf(container, times, nowMs);
  if (state !== 'exited' && state !== 'dead') return pastDeadline;
  const endedMs = (times.finishedAtMs ?? createdAtMs) - nowMs;
  // Where its deadline comes first, that counts; but who ended it has time to read how it ended.
  const inMs = Math.min(endedMs + LEFT_BEHIND_MS, Math.max(pastDeadline?.inMs ?? Infinity, endedMs + GRACE_MS));
  return { reason: 'left_behind', inMs };
}

function deadlineOf({ createdAtMs, labels }: ListedContainer, times: ContainerTimes, nowMs: number): Due | null {
  const deadlineMs = positive(labels[LABEL.deadline]);
  if (deadlineMs === null) return null;
  const leftMs = (times.startedAtMs ?? createdAtMs) + deadlineMs - nowMs;
  // A clock that was set back must not lengthen a life.
  return { reason: 'past_deadline', inMs: Math.min(leftMs, deadlineMs) + GRACE_MS };
}

function positive(label: string | undefined): number | null {
  return label !== undefined && /^[1-9]\d{0,15}$/.test(label) ? Number(label) : null;
}
