import type { PreparedStep } from './prepared-steps.ts';

/**
 * Who gives up when, all counted from the opening of the place. Each limit of a step is PID 1's to enforce; these are the
 * nets below it, each a little later than the one above, so that the witness nearest to the program speaks first.
 */
export interface Deadlines {
  /** PID 1 ends itself. */
  readonly supervisorMs: number;
  /** The launcher kills the place. */
  readonly placeMs: number;
  /** The host stops waiting and hangs up. */
  readonly hostMs: number;
}

export interface Margins {
  /** Until the launcher has made a place. */
  readonly openMs: number;
  /** Per step: files, start, kill, drain, artifacts, wipe. */
  readonly stepMs: number;
  /** Between one net and the next. */
  readonly netMs: number;
  /** From a cancel, or from the last STEP_EXIT, to END. */
  readonly endingMs: number;
}

/** PID 1 takes no longer one (`sandbox/PROTOCOL.md`). */
const MAX_DEADLINE_MS = 86_400_000;

export const DEFAULT_MARGINS: Margins = { openMs: 15_000, stepMs: 2_000, netMs: 2_000, endingMs: 5_000 };

export function deadlinesOf(steps: readonly PreparedStep[], margins: Margins): Deadlines {
  const stepsMs = steps.reduce((sum, step) => sum + step.plan.limits.wallTimeMs + margins.stepMs, 0);
  const supervisorMs = Math.min(stepsMs + margins.netMs, MAX_DEADLINE_MS);
  return { supervisorMs, placeMs: supervisorMs + margins.netMs, hostMs: supervisorMs + 2 * margins.netMs };
}
