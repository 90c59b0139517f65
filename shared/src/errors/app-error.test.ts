import { expect, test } from 'vitest';
import {
  AppError,
  DependencyUnavailableError,
  ERROR_CODES,
  httpStatusOf,
  InternalError,
  LimitTooHighError,
  toAppError,
} from './index.ts';

test('every code has a status that tells whose fault it is', () => {
  const ours = new Set<string>(['queue_full', 'sandbox_unavailable', 'dependency_unavailable', 'internal']);
  for (const code of ERROR_CODES) {
    const status = httpStatusOf(code);
    expect([code, status >= 500]).toEqual([code, ours.has(code)]);
    expect(status).toBeGreaterThanOrEqual(400);
  }
  expect(httpStatusOf('body_too_large')).toBe(413);
  expect(httpStatusOf('idempotency_mismatch')).toBe(409);
  expect(httpStatusOf('queue_full')).toBe(503);
  expect(httpStatusOf('rate_limited')).toBe(429);
});

test('an error knows its code, its status, whether to try again, and its name', () => {
  const cause = new Error('SQLITE_IOERR /secret/path');
  const error = new DependencyUnavailableError('The database does not answer.', { cause });
  expect(error).toBeInstanceOf(AppError);
  expect(error).toMatchObject({
    name: 'DependencyUnavailableError',
    code: 'dependency_unavailable',
    httpStatus: 503,
    isRetryable: true,
    errors: [],
    retryAfterSec: null,
    cause,
  });
  expect(error.message).not.toContain('/secret/path');
});

test('field errors are kept in order', () => {
  const errors = [
    { path: '/limits/memoryBytes', message: 'must be at most 5' },
    { path: '/limits/processes', message: 'must be at most 6' },
  ];
  expect(new LimitTooHighError(errors)).toMatchObject({ code: 'limit_too_high', httpStatus: 400, errors });
});

test('whatever is thrown becomes one of the family, and tells the client nothing', () => {
  const known = new AppError('not_found', 'No such job.');
  expect(toAppError(known)).toBe(known);
  for (const thrown of [new TypeError('x of undefined'), 'text', null, undefined]) {
    const error = toAppError(thrown);
    expect(error).toBeInstanceOf(InternalError);
    expect(error).toMatchObject({ code: 'internal', message: 'Internal error.', isRetryable: false });
  }
  expect(toAppError('text').cause).toBe('text');
});
