import { emptyOutcome, isFinalJob, type Job, type JobLimits, type JobOutcome } from '@runyard/shared/domain';

/** A job as clients see it: every field always present, null while not known; never the code, the input or the worker. */
export function toWireJob(job: Job) {
  const final = isFinalJob(job) ? job : null;
  const outcome = final?.outcome ?? NOT_KNOWN;
  return {
    executionId: job.executionId,
    userId: job.userId,
    language: job.language,
    status: job.status,
    verdict: outcome.verdict,
    step: outcome.step,
    exitCode: outcome.exitCode,
    signal: outcome.signal,
    error: outcome.error,
    outputPath: outcome.outputPath,
    stdoutPreview: outcome.stdoutPreview,
    stderrPreview: outcome.stderrPreview,
    outputBytes: outcome.outputBytes,
    truncated: outcome.truncated,
    cpuTimeMs: outcome.cpuTimeMs,
    wallTimeMs: outcome.wallTimeMs,
    memoryBytes: outcome.memoryBytes,
    memorySource: outcome.memorySource,
    oomInChild: outcome.oomInChild,
    attempt: job.attempt,
    createdAt: iso(job.createdAtMs),
    updatedAt: iso(job.updatedAtMs),
    startedAt: job.status === 'queued' ? null : iso(job.startedAtMs),
    completedAt: iso(final?.completedAtMs ?? null),
    execDurationMs: outcome.execDurationMs,
    compile: outcome.compile,
    timings: outcome.timings,
    limits: toWireLimits(job.limits),
    metadata: job.metadata,
  };
}

/** The part of a job that only its end tells. */
const NOT_KNOWN = Object.fromEntries(Object.keys(emptyOutcome('ok', null)).map((name) => [name, null])) as {
  readonly [Name in keyof JobOutcome]: null;
};

/** In the shape in which a submission asks for them. */
export function toWireLimits(limits: JobLimits) {
  return { ...limits.run, compile: limits.compile };
}

/** Strong: the visible record changes only with one of these. */
export function entityTag(job: Job): string {
  return `"${job.status}.${job.attempt}.${job.updatedAtMs.toString(36)}"`;
}

function iso(epochMs: number): string;
function iso(epochMs: number | null): string | null;
function iso(epochMs: number | null): string | null {
  return epochMs === null ? null : new Date(epochMs).toISOString();
}
