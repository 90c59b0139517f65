import type { AppError, ErrorCode } from '@runyard/shared/errors';
import { NotFinalError, UnknownLanguageError } from '../application/errors.ts';
import { HttpError } from './http-error.ts';

/** RFC 9457. `code` is the stable part; `title` and `detail` are for people. */
export interface Problem {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
}

const TITLES: Readonly<Record<ErrorCode, string>> = {
  invalid_request: 'Invalid request',
  unknown_language: 'Unknown language',
  unknown_version: 'Unknown language version',
  limit_too_high: 'Limit too high',
  json_too_deep: 'JSON too deep',
  body_too_large: 'Body too large',
  unsupported_media_type: 'Unsupported media type',
  unauthenticated: 'Not authenticated',
  forbidden: 'Forbidden',
  not_found: 'Not found',
  not_final: 'Job not final',
  already_final: 'Job already final',
  idempotency_mismatch: 'Idempotency key used for another request',
  rate_limited: 'Too many requests',
  queue_full: 'Queue full',
  sandbox_unavailable: 'Sandbox unavailable',
  dependency_unavailable: 'Dependency unavailable',
  internal: 'Internal error',
};

/** For retryable faults that do not say it themselves. */
const DEFAULT_RETRY_AFTER_SEC = 5;

export function problemOf(error: AppError, requestId: string): Problem {
  const status = error instanceof HttpError ? error.status : error.httpStatus;
  const retryAfterSec = error.retryAfterSec ?? (status === 503 ? DEFAULT_RETRY_AFTER_SEC : null);
  return {
    status,
    headers: {
      ...(error instanceof HttpError ? error.headers : {}),
      ...(retryAfterSec === null ? {} : { 'Retry-After': String(retryAfterSec) }),
    },
    body: {
      type: `/problems/${error.code}`,
      title: TITLES[error.code],
      status,
      code: error.code,
      detail: error.message,
      errors: error.errors,
      requestId,
      ...factsOf(error),
    },
  };
}

/** Members beyond the common ones, which spare the client from reading them out of the text. */
function factsOf(error: AppError): Record<string, unknown> {
  if (error instanceof UnknownLanguageError) return { languages: error.languages, nearest: error.nearest };
  if (error instanceof NotFinalError) return { executionId: error.executionId, jobStatus: error.jobStatus };
  return {};
}
