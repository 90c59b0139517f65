/** Every way in which a request can be refused or fail: the closed list that clients see as `code`. */
export const ERROR_CODES = [
  'invalid_request',
  'unknown_language',
  'unknown_version',
  'limit_too_high',
  'json_too_deep',
  'body_too_large',
  'unsupported_media_type',
  'unauthenticated',
  'forbidden',
  'not_found',
  'not_final',
  'already_final',
  'idempotency_mismatch',
  'rate_limited',
  'queue_full',
  'sandbox_unavailable',
  'dependency_unavailable',
  'internal',
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

interface CodeFacts {
  readonly httpStatus: number;
  /** The same request, unchanged, may succeed later. */
  readonly isRetryable: boolean;
}

const FACTS: Readonly<Record<ErrorCode, CodeFacts>> = {
  invalid_request: { httpStatus: 400, isRetryable: false },
  unknown_language: { httpStatus: 400, isRetryable: false },
  unknown_version: { httpStatus: 400, isRetryable: false },
  limit_too_high: { httpStatus: 400, isRetryable: false },
  json_too_deep: { httpStatus: 400, isRetryable: false },
  body_too_large: { httpStatus: 413, isRetryable: false },
  unsupported_media_type: { httpStatus: 415, isRetryable: false },
  unauthenticated: { httpStatus: 401, isRetryable: false },
  forbidden: { httpStatus: 403, isRetryable: false },
  not_found: { httpStatus: 404, isRetryable: false },
  not_final: { httpStatus: 409, isRetryable: true },
  already_final: { httpStatus: 409, isRetryable: false },
  idempotency_mismatch: { httpStatus: 409, isRetryable: false },
  rate_limited: { httpStatus: 429, isRetryable: true },
  queue_full: { httpStatus: 503, isRetryable: true },
  sandbox_unavailable: { httpStatus: 503, isRetryable: true },
  dependency_unavailable: { httpStatus: 503, isRetryable: true },
  internal: { httpStatus: 500, isRetryable: false },
};

export function httpStatusOf(code: ErrorCode): number {
  return FACTS[code].httpStatus;
}

export function isRetryableCode(code: ErrorCode): boolean {
  return FACTS[code].isRetryable;
}
