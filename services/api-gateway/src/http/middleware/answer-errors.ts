import { type AppError, NotFoundError, toAppError } from '@runyard/shared/errors';
import type { NextFunction, Request, Response } from 'express';
import { contextOf } from '../context.ts';
import { ClientGoneError } from '../http-error.ts';
import { problemOf } from '../problem.ts';
import { sendJson } from '../send.ts';

export function noSuchPath(): never {
  throw new NotFoundError('No such path.');
}

/** Last of all: every error becomes a problem document. Faults of ours are left in the context for the one log line. */
export function answerErrors(error: unknown, request: Request, response: Response, _next: NextFunction): void {
  const context = contextOf(response);
  if (error instanceof ClientGoneError) {
    response.destroy();
    return;
  }
  const appError = fromAnything(error);
  const problem = problemOf(appError, context.requestId);
  context.errorCode = appError.code;
  if (isOurFault(appError)) context.fault = appError;
  if (response.headersSent) {
    // Too late for an answer; a cut connection at least is no answer that looks whole.
    context.fault ??= appError;
    response.destroy();
    return;
  }
  response.removeHeader('ETag');
  const body = context.extendProblem?.(problem.body) ?? problem.body;
  sendJson(request, response, { ...problem, body, contentType: 'application/problem+json; charset=utf-8' });
}

/** Full is not broken: it is told to the client and shows in the status of the request's line. */
function isOurFault(error: AppError): boolean {
  return error.httpStatus >= 500 && error.code !== 'queue_full';
}

/** The router throws plain errors with `status: 400` for paths that it cannot decode: nothing has such a path. */
function fromAnything(error: unknown): AppError {
  const isRouterRefusal = error instanceof URIError && Reflect.get(error, 'status') === 400;
  return isRouterRefusal ? new NotFoundError('No such path.') : toAppError(error);
}
