import {
  DEFAULT_COMPILE_LIMITS,
  DEFAULT_RUN_LIMITS,
  emptyOutcome,
  newExecutionId,
  type JobOutcome,
  type JobSource,
  type QueuedJob,
} from '../domain/index.ts';

const CREATED_AT_MS = Date.UTC(2026, 0, 1);
const RETENTION_MS = 7 * 24 * 60 * 60 * 1000;

/** A valid queued job with an id of its own. */
export function aQueuedJob(overrides: Partial<QueuedJob> = {}): QueuedJob {
  const createdAtMs = overrides.createdAtMs ?? CREATED_AT_MS;
  return {
    executionId: newExecutionId(0),
    ownerId: 'anonymous',
    userId: null,
    language: 'python',
    limits: { run: DEFAULT_RUN_LIMITS, compile: DEFAULT_COMPILE_LIMITS },
    metadata: null,
    requestHash: 'a'.repeat(64),
    createdAtMs,
    updatedAtMs: createdAtMs,
    expiresAtMs: createdAtMs + RETENTION_MS,
    attempt: 0,
    status: 'queued',
    ...overrides,
  };
}

export function aJobSource(overrides: Partial<JobSource> = {}): JobSource {
  return { code: 'print(1)', input: '', inputEncoding: 'utf8', args: [], env: {}, ...overrides };
}

/** A program that printed `1` and exited with 0. */
export function anOutcome(overrides: Partial<JobOutcome> = {}): JobOutcome {
  return {
    ...emptyOutcome('ok', null),
    step: 'run',
    exitCode: 0,
    stdoutPreview: '1\n',
    outputBytes: 2,
    wallTimeMs: 12,
    cpuTimeMs: 11,
    memoryBytes: 9_000_000,
    memorySource: 'cgroup',
    execDurationMs: 12,
    timings: { queueMs: 1, sandboxMs: 3, compileMs: null, runMs: 12, storeMs: null },
    ...overrides,
  };
}
