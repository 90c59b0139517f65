import { SQSServiceException } from '@aws-sdk/client-sqs';
import { expect, test } from 'vitest';
import { AppError, FatalDependencyError, InternalError } from '../../errors/index.ts';
import { isNotCurrent, translateError } from './sqs-errors.ts';

function thrown(name: string): SQSServiceException {
  return new SQSServiceException({ name, message: 'arn:aws:secret', $fault: 'client', $metadata: {} });
}

test.each(['QueueDoesNotExist', 'AccessDenied', 'AccessDeniedException', 'InvalidClientTokenId'])(
  '%s does not pass by itself',
  (name) => {
    expect(translateError(thrown(name))).toBeInstanceOf(FatalDependencyError);
  },
);

test.each(['RequestThrottled', 'ThrottlingException', 'InternalError', 'ServiceUnavailable', 'OverLimit'])(
  '%s may pass',
  (name) => {
    const error = translateError(thrown(name));
    expect(error).toMatchObject({ code: 'dependency_unavailable', isRetryable: true });
    expect(error).not.toBeInstanceOf(FatalDependencyError);
    expect(error.message).not.toContain('arn');
  },
);

test('a cut connection may pass, a fault of this code may not, and ours stays as it is', () => {
  expect(translateError(Object.assign(new Error('x'), { code: 'ECONNRESET' })).code).toBe('dependency_unavailable');
  expect(translateError(new TypeError('x'))).toBeInstanceOf(InternalError);
  const ours = new AppError('not_found', 'No such job.');
  expect(translateError(ours)).toBe(ours);
});

test('an old receipt is an answer and not an error', () => {
  expect(['ReceiptHandleIsInvalid', 'MessageNotInflight', 'InvalidParameterValue'].every(isNotCurrent)).toBe(true);
  expect([undefined, '', 'RequestThrottled', 'InternalError'].some(isNotCurrent)).toBe(false);
});
