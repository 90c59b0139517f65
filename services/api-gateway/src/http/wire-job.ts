import { isFinalJob, type Job, type JobLimits } from '@runyard/shared/domain';

/** A job as clients see it: every field always present, null while not known; never the code, the input or the worker. */
export function toWireJob(job: Job) {
  const final = isFinalJob(job) ? job : null;
  const outcome = final?.outcome ?? null;
  return {
    executionId: job.executionId,
    userId: job.userId,
    language: job.language,
    status: job.status,
    verdict: outcome?.verdict ?? null,
    step: outcome?.step ?? null,
    exitCode: outcome?.exitCode ?? null,
    signal: outcome?.signal ?? null,
    error: outcome?.error ?? null,
    outputPath: outcome?.outputPath ?? null,
    stdoutPreview: outcome?.stdoutPreview ?? null,
    stderrPreview: outcome?.stderrPreview ?? null,
    outputBytes: outcome?.outputBytes ?? null,
    truncated: outcome?.truncated ?? null,
    cpuTimeMs: outcome?.cpuTimeMs ?? null,
    wallTimeMs: outcome?.wallTimeMs ?? null,
    memoryBytes: outcome?.memoryBytes ?? null,
    memorySource: outcome?.memorySource ?? null,
    oomInChild: outcome?.oomInChild ?? null,
    attempt: job.attempt,
    createdAt: iso(job.createdAtMs),
    updatedAt: iso(job.updatedAtMs),
    startedAt: job.status === 'queued' ? null : iso(job.startedAtMs),
    completedAt: iso(final?.completedAtMs ?? null),
    execDurationMs: outcome?.execDurationMs ?? null,
    compile: outcome?.compile ?? null,
    timings: outcome?.timings ?? null,
    limits: toWireLimits(job.limits),
    metadata: job.metadata,
  };
}

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
