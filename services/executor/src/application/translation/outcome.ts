import type { SandboxReport, StepOutput, StepReport } from '@runyard/sandbox';
import {
  emptyOutcome,
  firstCodePoints,
  preview,
  PREVIEW_CODE_POINTS,
  type CompileSummary,
  type JobLimits,
  type JobOutcome,
  type JobTimings,
} from '@runyard/shared/domain';
import { textWithin } from './compiler-text.ts';
import { judgeCompile, judgeRun, type StepVerdict } from './step-verdict.ts';

/**
 * What a sandbox report means for the job. The only place where evidence becomes an outcome: pure, and total over all
 * reports. What the program did is an `outcome`; a `fault` is ours and is retried.
 */
export type Assessment =
  | { readonly kind: 'outcome'; readonly outcome: JobOutcome; readonly output: StepOutput }
  | { readonly kind: 'fault'; readonly message: string };

export interface AssessmentContext {
  readonly limits: JobLimits;
  readonly hasCompile: boolean;
  readonly queueMs: number;
}

/** Where the bytes of a job's output are kept; null for a stream without bytes. */
export interface StoredOutput {
  readonly outputPath: string | null;
  readonly stdoutPath: string | null;
  readonly stderrPath: string | null;
}

/** Bound of the compiler text that is kept in the job record. */
const COMPILER_TEXT_BYTES = 64 * 1024;

export function assess(report: SandboxReport, context: AssessmentContext): Assessment {
  if (report.failure !== null) return fault(`${report.failure.reason}: ${report.failure.message}`);
  const compile = report.compile;
  if (context.hasCompile !== (compile !== null)) return fault('the report does not match the plan: compile step');
  const compileVerdict = compile === null ? null : judgeCompile(compile.ending, context.limits.compile);
  const timings = timingsOf(report, context);

  if (compile !== null && compileVerdict !== null && compileVerdict.verdict !== 'ok') {
    if (report.runs.length > 0) return fault('the report has a run step after a failed compile step');
    return { kind: 'outcome', outcome: afterCompile(compile, compileVerdict, timings), output: compile.output };
  }
  const run = report.runs[0];
  if (run === undefined || report.runs.length !== 1) return fault(`the report has ${report.runs.length} run steps`);
  const compiled =
    compile === null || compileVerdict === null
      ? null
      : { summary: summaryOf(compile, compileVerdict), wallTimeMs: compile.usage.wallTimeMs };
  const outcome = afterRun(run, judgeRun(run.ending, context.limits.run), { compile: compiled, timings });
  return { kind: 'outcome', outcome, output: run.output };
}

/** A job that the sandbox would not even begin, for a reason that lies in the submission. */
export function refused(reason: string): Assessment {
  const none = new Uint8Array(0);
  const text = firstCodePoints(`The program could not be started: ${reason}.`, PREVIEW_CODE_POINTS);
  return {
    kind: 'outcome',
    outcome: emptyOutcome('runtime_error', text),
    output: { combined: none, stdout: none, stderr: none, truncated: false },
  };
}

/** Adds what only storing the output can tell. */
export function withStoredOutput(outcome: JobOutcome, stored: StoredOutput, storeMs: number): JobOutcome {
  const timings = outcome.timings === null ? null : { ...outcome.timings, storeMs: Math.round(storeMs) };
  return { ...outcome, ...stored, timings };
}

/** The program never ran, so the job's output is what the compiler printed. The numbers of the run stay null. */
function afterCompile(compile: StepReport, verdict: StepVerdict, timings: JobTimings): JobOutcome {
  return {
    ...emptyOutcome(verdict.verdict, errorText(verdict, compile.output.combined)),
    step: 'compile',
    exitCode: verdict.exitCode,
    signal: verdict.signal,
    outputBytes: compile.output.combined.length,
    truncated: compile.output.truncated,
    oomInChild: compile.oomInChild,
    execDurationMs: Math.round(compile.usage.wallTimeMs),
    compile: summaryOf(compile, verdict),
    timings,
  };
}

function afterRun(
  run: StepReport,
  verdict: StepVerdict,
  { compile, timings }: { compile: { summary: CompileSummary; wallTimeMs: number } | null; timings: JobTimings },
): JobOutcome {
  const compileWallMs = compile?.wallTimeMs ?? 0;
  const hasStarted = run.ending.kind !== 'not_started';
  return {
    ...emptyOutcome(verdict.verdict, errorText(verdict, run.output.stderr)),
    step: 'run',
    exitCode: verdict.exitCode,
    signal: verdict.signal,
    stdoutPreview: preview(run.output.stdout),
    stderrPreview: preview(run.output.stderr),
    outputBytes: run.output.combined.length,
    truncated: run.output.truncated,
    wallTimeMs: hasStarted ? Math.round(run.usage.wallTimeMs) : null,
    cpuTimeMs: hasStarted ? Math.round(run.usage.cpuTimeMs) : null,
    memoryBytes: hasStarted ? run.usage.memoryBytes : null,
    memorySource: hasStarted ? run.usage.memorySource : null,
    oomInChild: run.oomInChild,
    execDurationMs: Math.round(compileWallMs + (hasStarted ? run.usage.wallTimeMs : 0)),
    compile: compile?.summary ?? null,
    timings,
  };
}

function summaryOf(compile: StepReport, verdict: StepVerdict): CompileSummary {
  const { text, isCut } = textWithin(compile.output.combined, COMPILER_TEXT_BYTES);
  return {
    verdict: verdict.verdict,
    exitCode: verdict.exitCode,
    signal: verdict.signal,
    output: text,
    truncated: compile.output.truncated || isCut,
    wallTimeMs: Math.round(compile.usage.wallTimeMs),
    cpuTimeMs: Math.round(compile.usage.cpuTimeMs),
    memoryBytes: compile.usage.memoryBytes,
  };
}

/** The program's own words where they explain more, else our sentence; null after success. */
function errorText(verdict: StepVerdict, printed: Uint8Array): string | null {
  if (verdict.sentence === null) return null;
  const words = verdict.isProgramsDoing ? preview(printed) : '';
  return words.trim() === '' ? verdict.sentence : words;
}

function timingsOf(report: SandboxReport, { queueMs }: AssessmentContext): JobTimings {
  const run = report.runs[0];
  return {
    queueMs: Math.max(0, Math.round(queueMs)),
    sandboxMs: Math.round(report.timings.totalMs),
    compileMs: report.compile === null ? null : Math.round(report.compile.usage.wallTimeMs),
    runMs: run === undefined ? null : Math.round(run.usage.wallTimeMs),
    storeMs: null,
  };
}

function fault(message: string): Assessment {
  return { kind: 'fault', message };
}
