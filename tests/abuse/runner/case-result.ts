import type { AbuseCase, Act, Check, LauncherName } from '../case.ts';
import type { CanaryRecord } from './canary.ts';

export interface CaseResult {
  readonly id: string;
  readonly title: string;
  readonly expected: string;
  readonly outcome: 'as expected' | 'deviating' | 'cannot run' | 'wrong';
  /** Verdicts and statuses, short. */
  readonly got: string;
  /** The decision behind a deviation, or why it cannot be run; and what the case noted. */
  readonly notes: readonly string[];
  readonly faults: readonly string[];
  readonly internalErrors: number;
  /** Largest of the case's jobs that a limit ended; null without any. */
  readonly killMs: number | null;
  readonly canary: CanaryRecord | null;
  /** From the end of the last act until nothing of it was left on the host. */
  readonly goneMs: number | null;
  readonly serverRssGrowthBytes: number | null;
}

/** The case as it is for one launcher. */
export interface CaseHere {
  readonly case: AbuseCase;
  readonly expected: string;
  readonly acts: readonly Act[];
  readonly checks: readonly Check[];
  readonly cannotRun: string | null;
  readonly decision: string | null;
}

export function caseFor(launcher: LauncherName, abuse: AbuseCase): CaseHere {
  const deviation = abuse.deviates?.[launcher];
  const { expected, acts, checks = [] } = { ...abuse, ...deviation };
  return {
    case: abuse,
    expected,
    acts,
    checks,
    cannotRun: abuse.cannotRun?.[launcher] ?? null,
    decision: deviation?.decision ?? null,
  };
}
