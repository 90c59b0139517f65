/** Turns the evidence of a session into the report of the sandbox. */
import { concludeEnding, NO_ROOM } from './ending.ts';
import type { PreparedStep } from './prepared-steps.ts';
import type { EndFrame } from './protocol/index.ts';
import type { SandboxFailure, SandboxReport, StepEnding, StepReport, StepUsage } from './report.ts';
import type { SessionEvidence, StepRecord } from './sandbox-session.ts';
import { leadsOn, missingProgram } from './step-flow.ts';

type Timings = SandboxReport['timings'];

export function buildReport(
  steps: readonly PreparedStep[],
  evidence: SessionEvidence,
  timings: Timings,
): SandboxReport {
  const proven = evidence.steps.map((record) => reportOf(record, evidence)).filter((report) => report !== null);
  const failure = failureOf(steps, evidence, proven.length);
  const isCancelTold = proven.at(-1)?.ending.kind === 'cancelled';
  return arrange(steps, isCancelTold ? proven : [...proven, ...neverStarted(steps, evidence)], failure, timings);
}

/** For a plan that was cancelled before anything of it ran. */
export function cancelledReport(steps: readonly PreparedStep[], timings: Timings): SandboxReport {
  return arrange(steps, [neverRan({ kind: 'cancelled' })], null, timings);
}

export function failedReport(steps: readonly PreparedStep[], failure: SandboxFailure, timings: Timings): SandboxReport {
  return arrange(steps, [], failure, timings);
}

function arrange(
  steps: readonly PreparedStep[],
  reports: readonly StepReport[],
  failure: SandboxFailure | null,
  timings: Timings,
): SandboxReport {
  if (steps[0]?.isCompile !== true) return { compile: null, runs: reports, failure, timings };
  return { compile: reports[0] ?? null, runs: reports.slice(1), failure, timings };
}

/** Null when nothing proves how the step ended. */
function reportOf(record: StepRecord, evidence: SessionEvidence): StepReport | null {
  const { step, exit, output } = record;
  const isTrusted = evidence.failure === null || evidence.isCancelRequested;
  if (exit === null && !isTrusted) return null;
  const conclusion = concludeEnding({
    isCompile: step.isCompile,
    cpuTimeLimitMs: step.plan.limits.cpuTimeMs,
    exit,
    unrecordedOomKills:
      record === evidence.steps.at(-1) && exit?.memorySource !== 'cgroup' ? unrecordedOomKills(evidence) : 0,
    isCancelRequested: evidence.isCancelRequested,
  });
  if (conclusion === null) return null;
  return { ...conclusion, usage: usageOf(record, evidence), output: output.finish(exit?.isTruncated ?? false) };
}

/** Memory kills that the launcher saw and no step's own record holds. */
function unrecordedOomKills(evidence: SessionEvidence): number {
  const recorded = evidence.steps.reduce((sum, record) => sum + (record.exit?.oomKills ?? 0), 0);
  return Math.max(0, (evidence.end?.oomKills ?? 0) - recorded);
}

function usageOf(record: StepRecord, evidence: SessionEvidence): StepUsage {
  const { exit } = record;
  if (exit === null) return usageWithoutRecord(record, evidence.steps, evidence.end);
  return {
    wallTimeMs: msOf(exit.wallUs),
    cpuTimeMs: msOf(exit.cpuUs),
    memoryBytes: exit.memoryPeakBytes,
    memorySource: exit.memorySource,
    processesPeak: exit.processesPeak === 0 ? null : exit.processesPeak,
  };
}

/** PID 1 is gone: what the launcher read of the whole place, less what earlier steps account for. */
function usageWithoutRecord(record: StepRecord, steps: readonly StepRecord[], end: EndFrame | null): StepUsage {
  const earlierCpuUs = steps.reduce((sum, step) => sum + (step.exit?.cpuUs ?? 0), 0);
  return {
    wallTimeMs: Math.round(record.hostWallMs),
    cpuTimeMs: msOf(Math.max(0, (end?.cpuUs ?? 0) - earlierCpuUs)),
    memoryBytes: end?.memoryPeakBytes ?? 0,
    memorySource: 'cgroup',
    processesPeak: end === null || end.pidsPeak === 0 ? null : end.pidsPeak,
  };
}

function msOf(us: number): number {
  return Math.round(us / 1000);
}

/** Steps that were not started but have an ending all the same. */
function neverStarted(steps: readonly PreparedStep[], evidence: SessionEvidence): StepReport[] {
  const last = evidence.steps.at(-1);
  if (evidence.isOutOfRoom) return steps.slice(evidence.steps.length).map(() => neverRan(NO_ROOM));
  // Cancelled while the place prepared the first step.
  if (last === undefined) return evidence.isCancelRequested ? [neverRan({ kind: 'cancelled' })] : [];
  if (last.exit === null) return [];
  const rest = steps.slice(evidence.steps.length);
  const message = missingProgram(last.step, last.exit);
  if (message !== null) return rest.map(() => neverRan({ kind: 'not_started', message }));
  const isCutByCancel = evidence.isCancelRequested && rest.length > 0 && leadsOn(last.step, last.exit);
  return isCutByCancel ? [neverRan({ kind: 'cancelled' })] : [];
}

function neverRan(ending: StepEnding): StepReport {
  const empty = new Uint8Array(0);
  return {
    ending,
    usage: { wallTimeMs: 0, cpuTimeMs: 0, memoryBytes: 0, memorySource: 'cgroup', processesPeak: null },
    output: { combined: empty, stdout: empty, stderr: empty, truncated: false },
    oomInChild: false,
  };
}

function failureOf(
  steps: readonly PreparedStep[],
  evidence: SessionEvidence,
  provenCount: number,
): SandboxFailure | null {
  // The caller wanted it gone, and it is: how the machinery fared while going is of no consequence.
  if (evidence.isCancelRequested) return null;
  if (evidence.failure !== null) return evidence.failure;
  if (evidence.isOutOfRoom) return null;
  if (provenCount < evidence.steps.length) return lost(evidence.end);
  const last = evidence.steps.at(-1);
  const isCut = last === undefined || (last.exit === null ? !last.step.isCompile : leadsOn(last.step, last.exit));
  return isCut && evidence.steps.length < steps.length ? lost(evidence.end) : null;
}

function lost(end: EndFrame | null): SandboxFailure {
  const status = `wait status ${end?.waitStatus ?? 'unknown'}`;
  switch (end?.cause) {
    case 'deadline':
      return { reason: 'deadline', message: 'the launcher killed the place at its deadline' };
    case 'closing':
      return { reason: 'supervisor_lost', message: 'the launcher is closing' };
    case 'hang_up':
      return { reason: 'supervisor_lost', message: 'the launcher saw the host hang up' };
    case 'self':
    case undefined:
      return { reason: 'supervisor_lost', message: `PID 1 ended without having said how the step ended, ${status}` };
  }
}
