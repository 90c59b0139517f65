/**
 * Records as they nearly always are when a step is asked for. A step on one of them is written on condition that the real record agrees
 * in status and attempt; no other field of theirs is ever read or written, since a step changes only what it knows itself.
 */
import type { JobLimits, QueuedJob, RunningJob, StepLimits } from '../../domain/index.ts';

const NO_STEP: StepLimits = {
  wallTimeMs: 0,
  cpuTimeMs: 0,
  memoryBytes: 0,
  outputBytes: 0,
  processes: 0,
  fileBytes: 0,
  openFiles: 0,
  stackBytes: 0,
};
const NO_LIMITS: JobLimits = { run: NO_STEP, compile: NO_STEP };
/** No clock says this, so that a moment that a step sets always differs from it and is written. */
const NEVER_MS = -1;

export function presumedQueued(executionId: string): QueuedJob {
  return {
    executionId,
    ownerId: '',
    userId: null,
    language: '',
    limits: NO_LIMITS,
    metadata: null,
    requestHash: '',
    createdAtMs: NEVER_MS,
    updatedAtMs: NEVER_MS,
    expiresAtMs: NEVER_MS,
    attempt: 0,
    status: 'queued',
  };
}

export function presumedRunning(executionId: string, attempt: number): RunningJob {
  return {
    ...presumedQueued(executionId),
    status: 'running',
    attempt,
    startedAtMs: NEVER_MS,
    worker: '',
    leaseUntilMs: NEVER_MS,
  };
}
