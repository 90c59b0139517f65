import type { NextFunction, Request, Response } from 'express';
import type { Logger } from 'pino';
import { attachContext, RequestContext } from '../context.ts';

/** Asked by machines every few seconds: their lines would bury the others. */
const QUIET_ROUTES: ReadonlySet<string | null> = new Set(['/health/live', '/health/ready']);
/** What nginx writes for a client that left before the answer. */
const CLIENT_GONE_STATUS = 499;

/** First of all: context, the headers of every answer, and one log line when the request is over. */
export function beginRequest(logger: Logger, drainSignal: AbortSignal) {
  const unanswered = new Set<Response>();
  // Whoever waits for an answer when the server shuts down learns with it that the connection ends.
  drainSignal.addEventListener('abort', () => {
    for (const response of unanswered) endConnectionAfter(response);
  });
  return (request: Request, response: Response, next: NextFunction): void => {
    const context = new RequestContext(request, logger);
    attachContext(response, context);
    response.setHeader('X-Request-Id', context.requestId);
    // Nothing that this server sends is a page: no browser shall guess otherwise, run it, frame it or keep it.
    response.setHeader('X-Content-Type-Options', 'nosniff');
    response.setHeader('Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'");
    response.setHeader('Referrer-Policy', 'no-referrer');
    response.setHeader('Cache-Control', 'no-store');
    if (drainSignal.aborted) endConnectionAfter(response);
    unanswered.add(response);
    response.once('close', () => {
      unanswered.delete(response);
      logRequest(logger, context, request, response);
    });
    next();
  };
}

function endConnectionAfter(response: Response): void {
  if (!response.headersSent) response.setHeader('Connection', 'close');
}

function logRequest(logger: Logger, context: RequestContext, request: Request, response: Response): void {
  const isGone = !response.writableFinished;
  const line = {
    event: 'request',
    requestId: context.requestId,
    method: request.method,
    route: context.route,
    status: isGone && !response.headersSent ? CLIENT_GONE_STATUS : response.statusCode,
    durationMs: Math.round((performance.now() - context.startedAtMs) * 10) / 10,
    executionId: context.executionId ?? undefined,
    language: context.language ?? undefined,
    errorCode: context.errorCode ?? undefined,
    isGone: isGone || undefined,
  };
  if (context.fault !== null) logger.error({ ...line, err: context.fault }, 'request failed');
  else if (QUIET_ROUTES.has(context.route)) logger.debug(line, 'request');
  else logger.info(line, 'request');
}
