import { type FinalJob, isFinalJob, type Job } from '@runyard/shared/domain';
import { AppError } from '@runyard/shared/errors';
import type { ArtifactStore } from '@runyard/shared/ports';
import type { Router } from 'express';
import { readOutput } from '../../application/read-output.ts';
import type { SubmitJob } from '../../application/submit-job.ts';
import type { WaitForJob } from '../../application/wait-for-job.ts';
import { abortedWhenGone } from '../client-gone.ts';
import { HttpError } from '../http-error.ts';
import { type Exchange, mount } from '../mount.ts';
import { readSubmission, type SubmissionReader } from '../read-submission.ts';
import { sendJson } from '../send.ts';

/** Longest compile and run together, and a while in the queue; then the client is told as if the program had been too slow. */
const MAX_WAIT_MS = 120_000;

export interface ExecuteRouteDeps extends SubmissionReader {
  readonly submitJob: SubmitJob;
  readonly waiting: WaitForJob;
  readonly artifacts: ArtifactStore;
}

/**
 * The door of Tork's code execution demo: `{language, code}` → 200 `{output}`, for programs that end well and for those that
 * fail alike; 400 for an unknown language; 504 on timeout. Errors carry `message` as there, beside the members of a problem.
 * What differs on purpose: no network inside, and our limits instead of theirs.
 */
export function mountExecute(router: Router, deps: ExecuteRouteDeps): void {
  mount(router, '/execute', { post: (exchange) => execute(exchange, deps) });
}

async function execute({ request, response, context }: Exchange, deps: ExecuteRouteDeps): Promise<void> {
  context.extendProblem = (problem) => ({ message: problem['detail'], ...problem });
  const { submission } = await readSubmission(request, deps);
  const { ownerId, log } = context;
  const { job } = await deps.submitJob.submit({ submission, ownerId, idempotencyKey: null, log });
  context.executionId = job.executionId;
  context.language = job.language;
  const ended = await untilEnded(job, deps.waiting, abortedWhenGone(response));
  sendJson(request, response, { status: 200, body: { output: await readOutput(ended, deps.artifacts) } });
}

/** Throws HttpError 504 when the program or the wait ran out of time, AppError queue_full when too many wait already. */
async function untilEnded(job: Job, waiting: WaitForJob, signal: AbortSignal): Promise<FinalJob> {
  const { executionId } = job;
  const untilMs = performance.now() + MAX_WAIT_MS;
  const ended = await waiting.wait({ executionId, waitMs: MAX_WAIT_MS, isEnough: isFinalJob, signal });
  if (ended !== null && isFinalJob(ended) && ended.status !== 'timeout') return ended;
  if (ended !== null && !isFinalJob(ended) && performance.now() < untilMs) {
    throw new AppError('queue_full', 'Too many requests are waiting. Try again.', { retryAfterSec: 1 });
  }
  throw new HttpError(504, 'The program did not end in time.');
}
