import { isFinalJob, type Job } from '@runyard/shared/domain';
import type { Router } from 'express';
import type { SubmitJob } from '../../application/submit-job.ts';
import type { WaitForJob } from '../../application/wait-for-job.ts';
import { abortedWhenGone } from '../client-gone.ts';
import { fieldError } from '../http-error.ts';
import { type Exchange, mount } from '../mount.ts';
import { readSubmission, type SubmissionReader } from '../read-submission.ts';
import { sendJson } from '../send.ts';
import { toWireJob } from '../wire-job.ts';

export interface SubmitRouteDeps extends SubmissionReader {
  readonly submitJob: SubmitJob;
  readonly waiting: WaitForJob;
}

export function mountSubmit(router: Router, deps: SubmitRouteDeps): void {
  mount(router, '/submit', { post: (exchange) => submit(exchange, deps) });
}

async function submit({ request, response, context }: Exchange, deps: SubmitRouteDeps): Promise<void> {
  const idempotencyKey = idempotencyKeyOf(request.headers['idempotency-key']);
  const { submission, query } = await readSubmission(request, deps);
  const waitMs = query.waitMs();
  const { ownerId, log } = context;
  const { job: accepted, isReplay } = await deps.submitJob.submit({ submission, ownerId, idempotencyKey, log });
  context.executionId = accepted.executionId;
  context.language = accepted.language;
  const job = await lastKnown(accepted, waitMs, deps.waiting, abortedWhenGone(response));
  sendJson(request, response, {
    status: waitMs > 0 && isFinalJob(job) ? 200 : 202,
    headers: {
      Location: `${request.baseUrl}/status/${job.executionId}`,
      ...(isReplay ? { 'Idempotent-Replayed': 'true' } : {}),
    },
    body: toWireJob(job),
  });
}

async function lastKnown(job: Job, waitMs: number, waiting: WaitForJob, signal: AbortSignal): Promise<Job> {
  if (waitMs === 0 || isFinalJob(job)) return job;
  const later = await waiting.wait({ executionId: job.executionId, waitMs, isEnough: isFinalJob, signal });
  return later ?? job; // Deleted meanwhile: what was accepted is the last that can be said.
}

/** Node joins repeated headers with a comma and a space, which no key may hold. */
function idempotencyKeyOf(header: string | string[] | undefined): string | null {
  if (header === undefined) return null;
  if (typeof header === 'string' && /^[\x21-\x7e]{1,255}$/.test(header)) return header;
  throw fieldError('/headers/idempotency-key', 'must be 1 to 255 visible ASCII characters');
}
