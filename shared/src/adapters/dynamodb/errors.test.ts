import { DynamoDBServiceException } from '@aws-sdk/client-dynamodb';
import { expect, test } from 'vitest';
import { AppError } from '../../errors/index.ts';
import { translateError } from './errors.ts';

function serviceError(name: string, message = 'x') {
  return new DynamoDBServiceException({ name, message, $fault: 'client', $metadata: {} });
}

test.each([
  ['ThrottlingException', 'dependency_unavailable', 'DependencyUnavailableError', true],
  ['ProvisionedThroughputExceededException', 'dependency_unavailable', 'DependencyUnavailableError', true],
  ['RequestLimitExceeded', 'dependency_unavailable', 'DependencyUnavailableError', true],
  ['InternalServerError', 'dependency_unavailable', 'DependencyUnavailableError', true],
  ['ServiceUnavailable', 'dependency_unavailable', 'DependencyUnavailableError', true],
  ['ExpiredTokenException', 'dependency_unavailable', 'DependencyUnavailableError', true],
  ['AccessDeniedException', 'dependency_unavailable', 'FatalDependencyError', true],
  ['ResourceNotFoundException', 'dependency_unavailable', 'FatalDependencyError', true],
  ['ValidationException', 'internal', 'InternalError', false],
])('%s is %s', (name, code, className, isRetryable) => {
  const cause = serviceError(name);
  expect(translateError(cause)).toMatchObject({ code, name: className, isRetryable, cause });
});

test('an item that is too large is the fault of the request', () => {
  for (const message of [
    'Item size has exceeded the maximum allowed size',
    'Item size to update has exceeded the maximum allowed size',
  ]) {
    expect(translateError(serviceError('ValidationException', message))).toMatchObject({ code: 'body_too_large' });
  }
});

test('time-outs and cut connections may be repeated; faults of ours may not', () => {
  const timeout = Object.assign(new Error('socket timed out'), { name: 'TimeoutError' });
  expect(translateError(timeout)).toMatchObject({ code: 'dependency_unavailable', isRetryable: true });
  expect(translateError(new TypeError('x of undefined'))).toMatchObject({ code: 'internal' });
  const own = new AppError('not_found', 'x');
  expect(translateError(own)).toBe(own);
});
