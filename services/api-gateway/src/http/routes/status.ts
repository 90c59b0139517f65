import { isFinalJob, type Job } from '@runyard/shared/domain';
import type { Router } from 'express';
import type { GetJob } from '../../application/get-job.ts';
import { abortedWhenGone } from '../client-gone.ts';
import { type Exchange, mount } from '../mount.ts';
import { executionIdOf } from '../execution-id-of.ts';
import { Query } from '../query.ts';
import { sendEmpty, sendJson } from '../send.ts';
import { entityTag, toWireJob } from '../wire-job.ts';

export function mountStatus(router: Router, getJob: GetJob): void {
  mount(router, '/status', { get: (exchange) => status(exchange, getJob) }, { withTail: true });
}

/** With `wait`, answers when the job is final, or, for a client that says what it knows, when it is no longer that. */
async function status({ request, response, context, tail }: Exchange, getJob: GetJob): Promise<void> {
  const query = new Query(request, tail === null ? ['id', 'wait'] : ['wait']);
  const executionId = executionIdOf(tail, query);
  const known = knownTags(request.headers['if-none-match']);
  const isEnough = (job: Job) => isFinalJob(job) || (known.size > 0 && !matches(known, job));
  const wait = { waitMs: query.waitMs(), isEnough, signal: abortedWhenGone(response) };
  const job = await getJob.wait({ executionId, ownerId: context.ownerId }, wait);
  context.executionId = job.executionId;
  context.language = job.language;
  const headers = { ETag: entityTag(job), 'Cache-Control': 'private, no-cache' };
  if (matches(known, job)) sendEmpty(response, 304, headers);
  else sendJson(request, response, { status: 200, headers, body: toWireJob(job) });
}

/** Weak comparison, as RFC 9110 wants it for If-None-Match. */
function matches(known: ReadonlySet<string>, job: Job): boolean {
  return known.has('*') || known.has(entityTag(job));
}

function knownTags(header: string | undefined): ReadonlySet<string> {
  const tags = (header ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return new Set(tags.filter((tag) => tag !== ''));
}
