import type { Deadlines, Margins } from './deadlines.ts';
import { deadlinesOf, DEFAULT_MARGINS } from './deadlines.ts';
import type { SandboxPlan } from './plan.ts';
import type { PreparedStep } from './prepared-steps.ts';
import { prepareSteps } from './prepared-steps.ts';
import type { SandboxFailure, SandboxReport } from './report.ts';
import type { Launcher, Place, PlaceLimits, Sandbox } from './sandbox.ts';
import { holdSession } from './sandbox-session.ts';
import { buildReport, cancelledReport, failedReport } from './session-report.ts';

export interface SupervisedSandboxOptions {
  /** CPU quota of a place in thousandths of a core. Default 1000: as many slots as cores then leave each its core. */
  readonly cpuMilli?: number;
  readonly margins?: Partial<Margins>;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
}

/** A place, or why there is none. */
type Opening = { readonly place: Place } | { readonly failure: SandboxFailure } | 'cancelled';

/**
 * Runs plans in places of any launcher that speaks `sandbox/PROTOCOL.md`. Holds nothing between runs; any number of
 * runs may be under way at once, which the caller has to bound.
 */
export class SupervisedSandbox implements Sandbox {
  readonly #launcher: Launcher;
  readonly #cpuMilli: number;
  readonly #margins: Margins;
  readonly #now: () => number;

  constructor(launcher: Launcher, options: SupervisedSandboxOptions = {}) {
    this.#launcher = launcher;
    this.#cpuMilli = options.cpuMilli ?? 1000;
    this.#margins = { ...DEFAULT_MARGINS, ...options.margins };
    this.#now = options.now ?? (() => performance.now());
  }

  /** Rejects with InvalidPlanError alone, before anything is opened. */
  async run(plan: SandboxPlan, signal?: AbortSignal): Promise<SandboxReport> {
    const steps = prepareSteps(plan);
    const startedAtMs = this.#now();
    const deadlines = deadlinesOf(steps, this.#margins);
    const opening = await this.#open(steps, deadlines, signal);
    const timings = (readyAtMs: number | null): SandboxReport['timings'] => {
      const totalMs = this.#now() - startedAtMs;
      return { openMs: readyAtMs === null ? totalMs : readyAtMs - startedAtMs, totalMs };
    };
    if (opening === 'cancelled') return cancelledReport(steps, timings(null));
    if ('failure' in opening) return failedReport(steps, opening.failure, timings(null));
    const { place } = opening;
    const prepareStep = place.prepareStep?.bind(place) ?? null;
    const { stream } = place;
    const session = { steps, stream, prepareStep, deadlines, margins: this.#margins, signal, now: this.#now };
    const evidence = await holdSession(session);
    release(place);
    return buildReport(steps, evidence, timings(evidence.readyAtMs));
  }

  /** Never waits longer than the margin, whatever the launcher does; a place that comes too late is released. */
  #open(steps: readonly PreparedStep[], deadlines: Deadlines, signal: AbortSignal | undefined): Promise<Opening> {
    return new Promise((resolve) => {
      if (signal?.aborted === true) return resolve('cancelled');
      const giveUp = new AbortController();
      const settle = (opening: Opening): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        resolve(opening);
        if (opening === 'cancelled' || 'failure' in opening) giveUp.abort();
      };
      const onAbort = (): void => settle('cancelled');
      const timer = setTimeout(() => {
        const message = `the launcher gave no place within ${this.#margins.openMs} ms`;
        settle({ failure: { reason: 'launch_failed', message } });
      }, this.#margins.openMs);
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#askLauncher(steps, deadlines, giveUp.signal).then(
        (place) => (giveUp.signal.aborted ? release(place) : settle({ place })),
        (error: unknown) => settle({ failure: { reason: 'launch_failed', message: messageOf(error) } }),
      );
    });
  }

  // Async, so that a launcher that throws at once rejects like any other.
  async #askLauncher(steps: readonly PreparedStep[], deadlines: Deadlines, signal: AbortSignal): Promise<Place> {
    return await this.#launcher.open(placeLimitsOf(steps, this.#cpuMilli, deadlines.placeMs), signal);
  }
}

function placeLimitsOf(steps: readonly PreparedStep[], cpuMilli: number, deadlineMs: number): PlaceLimits {
  const limits = steps.map((step) => step.plan.limits);
  const memoryBytes = Math.max(...limits.map((step) => step.memoryBytes));
  const processes = Math.max(...limits.map((step) => step.processes));
  return { memoryBytes, processes, cpuMilli, deadlineMs };
}

/** Not waited for: the evidence is complete, and what a launcher still has to tidy up must not hold back the report. */
function release(place: Place): void {
  place[Symbol.asyncDispose]().then(undefined, () => undefined);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
