import { S3ServiceException } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import { ArtifactExistsError, FatalDependencyError } from '../../errors/index.ts';
import { hasName, translated } from './s3-errors.ts';

function thrown(name: string): S3ServiceException {
  return new S3ServiceException({ name, message: 'secret-bucket', $fault: 'client', $metadata: {} });
}

function translationOf(error: Error): Promise<unknown> {
  const failing = async () => {
    throw error;
  };
  return translated(failing).catch((translation: unknown) => translation);
}

test.each(['NoSuchBucket', 'AccessDenied', 'InvalidAccessKeyId', 'SignatureDoesNotMatch'])(
  '%s does not pass by itself',
  async (name) => {
    expect(await translationOf(thrown(name))).toBeInstanceOf(FatalDependencyError);
  },
);

test.each(['SlowDown', 'InternalError', 'ServiceUnavailable', 'RequestTimeout'])('%s may pass', async (name) => {
  const error = await translationOf(thrown(name));
  expect(error).toMatchObject({ code: 'dependency_unavailable', message: 'The artifact store does not answer.' });
  expect(error).not.toBeInstanceOf(FatalDependencyError);
});

test('faults of this code are not blamed on S3, and ours stay as they are', async () => {
  expect(await translationOf(new TypeError('x'))).toMatchObject({ code: 'internal' });
  const ours = new ArtifactExistsError('outputs/x');
  expect(await translationOf(ours)).toBe(ours);
});

test('errors are told apart by the names of the API', () => {
  expect(hasName(thrown('NoSuchKey'), 'NoSuchKey', 'NotFound')).toBe(true);
  expect(hasName(thrown('NoSuchKey'), 'NotFound')).toBe(false);
  expect(hasName(Object.assign(new Error('x'), { name: 'NoSuchKey' }), 'NoSuchKey')).toBe(false);
});
