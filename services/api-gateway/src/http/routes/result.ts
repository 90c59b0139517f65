import type { Router } from 'express';
import type { GetResult, JobResult } from '../../application/get-result.ts';
import { executionIdOf } from '../execution-id-of.ts';
import { type Exchange, mount } from '../mount.ts';
import { Query } from '../query.ts';
import { sendEmpty, sendJson } from '../send.ts';

export function mountResult(router: Router, getResult: GetResult): void {
  mount(router, '/result', { get: (exchange) => result(exchange, getResult) }, { withTail: true });
}

async function result({ request, response, context, tail }: Exchange, getResult: GetResult): Promise<void> {
  const query = new Query(request, [...(tail === null ? ['id'] : []), 'redirect', 'stream']);
  const executionId = executionIdOf(tail, query);
  const stream = query.choice('stream', ['combined', 'stdout', 'stderr'], 'combined');
  const isRedirect = query.flag('redirect');
  const found = await getResult.get({ executionId, ownerId: context.ownerId }, stream);
  context.executionId = found.job.executionId;
  context.language = found.job.language;
  if (!isRedirect) sendJson(request, response, { status: 200, body: toWireResult(found) });
  else if (found.link) sendEmpty(response, 302, { Location: found.link.url, 'Content-Length': '0' });
  else sendEmpty(response, 204, {}); // What the link would lead to is empty.
}

function toWireResult({ job, link }: JobResult) {
  return {
    executionId: job.executionId,
    status: job.status,
    verdict: job.outcome.verdict,
    url: link?.url ?? null,
    expiresAt: link === null ? null : new Date(link.expiresAtMs).toISOString(),
    stdoutPreview: job.outcome.stdoutPreview,
    outputBytes: job.outcome.outputBytes,
    truncated: job.outcome.truncated,
  };
}
