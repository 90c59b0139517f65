import { InvalidPlanError } from '@runyard/sandbox';
import {
  emptyOutcome,
  INTERNAL_ERROR_TEXT,
  MAX_ATTEMPTS,
  outputsPrefix,
  type JobOutcome,
  type Language,
  type RunningJob,
} from '@runyard/shared/domain';
import type { Logger } from '@runyard/shared/logging';
import type { ArtifactStore, Clock, JobQueue, JobStore } from '@runyard/shared/ports';
import { assess, refused, withStoredOutput, type Assessment } from './translation/outcome.ts';
import { planFor } from './translation/plan.ts';
import type { HeldLease, LeaseKeeper } from './lease-keeper.ts';
import type { Sandbox } from './ports.ts';
import { retrying } from './retry.ts';
import { runInSandbox } from './run-in-sandbox.ts';
import { storeOutput } from './store-output.ts';

export interface AttemptDependencies {
  readonly store: JobStore;
  readonly queue: JobQueue;
  readonly artifacts: ArtifactStore;
  readonly sandbox: Sandbox;
  readonly keeper: LeaseKeeper;
  /** The languages of this server by id. */
  readonly languages: ReadonlyMap<string, Language>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** A number in [0, 1): spreads retries. */
  readonly random: () => number;
}

/** How an attempt ended, for the log and the health of the executor. */
export type AttemptEnd = 'settled' | 'superseded' | 'deleted' | 'handed_back' | 'gave_up';

/** After a fault the job comes back after 0.5 to 1 s, then 2 to 4 s: soon for the client, later than a restarting part needs. */
const FAULT_VISIBILITY_MS = [1_000, 4_000] as const;

/**
 * One attempt at a claimed job, in an order that a crash may cut anywhere: run -> put output -> settle -> delete message.
 * Until the settle nothing of it counts; after it a redelivered message only finds a final job. A fault of ours ends the
 * claim at once (lease of 0 ms) and lets the message come back soon; the last attempt settles `internal_error` itself.
 */
export async function runAttempt(job: RunningJob, receipt: string, deps: AttemptDependencies): Promise<AttemptEnd> {
  const { executionId, attempt, leaseUntilMs } = job;
  let end: AttemptEnd | Fault;
  {
    await using lease = deps.keeper.hold({ executionId, attempt, receipt, leaseUntilMs });
    end = await tryAttempt(job, lease, deps);
  }
  if (end instanceof Fault) return afterFault(job, receipt, end, deps);
  if (end !== 'superseded') await deps.queue.delete(receipt);
  return end;
}

/** A failure of ours, to be retried. `isDrain`: the executor itself is stopping, which is nobody's failure. */
class Fault {
  readonly message: string;
  readonly cause: unknown;
  readonly isDrain: boolean;

  constructor(message: string, { cause, isDrain = false }: { cause?: unknown; isDrain?: boolean } = {}) {
    this.message = message;
    this.cause = cause;
    this.isDrain = isDrain;
  }
}

async function tryAttempt(job: RunningJob, lease: HeldLease, deps: AttemptDependencies): Promise<AttemptEnd | Fault> {
  try {
    const assessment = await execute(job, lease.signal, deps);
    if (assessment === null) return 'deleted';
    if (lease.stopReason() === 'lease_lost') return 'superseded';
    const isCutShort = assessment.kind === 'fault' || assessment.outcome.verdict === 'cancelled';
    if (lease.stopReason() === 'drain' && isCutShort) return new Fault('the executor is stopping', { isDrain: true });
    if (assessment.kind === 'fault') return new Fault(assessment.message);
    return await finish(job, assessment, lease, deps);
  } catch (error) {
    if (lease.stopReason() === 'lease_lost') return 'superseded';
    return new Fault('unexpected error', { cause: error, isDrain: lease.stopReason() === 'drain' });
  }
}

/** Null when the job was deleted meanwhile. */
async function execute(job: RunningJob, signal: AbortSignal, deps: AttemptDependencies): Promise<Assessment | null> {
  const source = await retrying(() => deps.store.getSource(job.executionId), { signal });
  if (source === null) return null;
  const language = deps.languages.get(job.language);
  if (language === undefined) return { kind: 'fault', message: `the language ${job.language} is not served here` };
  try {
    const report = await runInSandbox(deps.sandbox, planFor(language, job.limits, source), { signal });
    return assess(report, {
      limits: job.limits,
      hasCompile: language.compile !== null,
      queueMs: job.startedAtMs - job.createdAtMs,
    });
  } catch (error) {
    // Only what the client chose can make a plan that the sandbox does not take, such as very many arguments.
    if (error instanceof InvalidPlanError) return refused(error.message);
    throw error;
  }
}

async function finish(
  job: RunningJob,
  result: Extract<Assessment, { kind: 'outcome' }>,
  { signal }: HeldLease,
  deps: AttemptDependencies,
): Promise<AttemptEnd> {
  const startedAt = performance.now();
  const stored = await retrying(() => storeOutput(deps.artifacts, job, result.output), { signal });
  const outcome = withStoredOutput(result.outcome, stored, performance.now() - startedAt);
  return settle(job, outcome, signal, deps);
}

async function settle(
  job: RunningJob,
  outcome: JobOutcome,
  signal: AbortSignal,
  deps: AttemptDependencies,
): Promise<AttemptEnd> {
  const { executionId, attempt } = job;
  const end = { attempt, nowMs: deps.clock.nowMs(), outcome };
  const result = await retrying(() => deps.store.settle(executionId, end), { signal });
  switch (result.kind) {
    case 'finished':
      logFinished(job, outcome, deps.logger);
      return 'settled';
    case 'final':
      // Ours, when an earlier try got through and only its answer was lost; else somebody ended the job. Both stand.
      return 'settled';
    case 'not_found':
      await deps.artifacts.deletePrefix(outputsPrefix(executionId));
      return 'deleted';
    case 'refused':
      return 'superseded';
  }
}

async function afterFault(
  job: RunningJob,
  receipt: string,
  fault: Fault,
  deps: AttemptDependencies,
): Promise<AttemptEnd> {
  const { executionId, attempt } = job;
  const fields = { executionId, language: job.language, attempt, reason: fault.message, err: fault.cause };
  if (fault.isDrain) deps.logger.info(fields, 'job handed back');
  else deps.logger.error(fields, 'attempt failed');
  try {
    if (attempt >= MAX_ATTEMPTS && !fault.isDrain) {
      const outcome = emptyOutcome('internal_error', INTERNAL_ERROR_TEXT);
      // Aborted: one try. Should it fail, the next delivery finds the job exhausted and ends it.
      const end = await settle(job, outcome, AbortSignal.abort(), deps);
      if (end !== 'superseded') await deps.queue.delete(receipt);
      return 'gave_up';
    }
    // Ends the lease now, so that the next delivery can claim; the attempt stays used.
    await deps.store.renew(executionId, { attempt, nowMs: deps.clock.nowMs(), leaseMs: 0 });
    await deps.queue.setVisibility(receipt, fault.isDrain ? 0 : faultVisibilityMs(attempt, deps.random));
  } catch (error) {
    // The lease ends by itself and the message comes back by itself: late, not lost.
    deps.logger.warn({ err: error, executionId, attempt }, 'job could not be handed back');
  }
  return 'handed_back';
}

function faultVisibilityMs(attempt: number, random: () => number): number {
  const most = FAULT_VISIBILITY_MS[Math.min(attempt, FAULT_VISIBILITY_MS.length) - 1] ?? 0;
  return Math.round(most * (0.5 + random() / 2));
}

/** One wide event per job; sizes and times only, never what a program said. */
function logFinished(job: RunningJob, outcome: JobOutcome, logger: Logger): void {
  logger.info(
    {
      executionId: job.executionId,
      language: job.language,
      attempt: job.attempt,
      verdict: outcome.verdict,
      step: outcome.step,
      outputBytes: outcome.outputBytes,
      truncated: outcome.truncated,
      cpuTimeMs: outcome.cpuTimeMs,
      wallTimeMs: outcome.wallTimeMs,
      memoryBytes: outcome.memoryBytes,
      ...outcome.timings,
    },
    'job finished',
  );
}
