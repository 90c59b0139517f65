import { S3ServiceException } from '@aws-sdk/client-s3';
import { AppError, DependencyUnavailableError, FatalDependencyError, InternalError } from '../../errors/index.ts';

/** Error codes of the S3 API reference that no second try cures. */
const FATAL: ReadonlySet<string> = new Set([
  'AccessDenied',
  'AccountProblem',
  'ExpiredToken',
  'InvalidAccessKeyId',
  'NoSuchBucket',
  'PermanentRedirect',
  'SignatureDoesNotMatch',
]);

export function hasName(error: unknown, ...names: readonly string[]): boolean {
  return error instanceof S3ServiceException && names.includes(error.name);
}

/** What the SDK throws, as ours. Throttling, time-outs, cut connections and 5xx may pass. */
function translateError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (error instanceof TypeError || error instanceof RangeError) return new InternalError(error);
  if (error instanceof S3ServiceException && FATAL.has(error.name)) {
    return new FatalDependencyError('The artifact store refuses this server.', { cause: error });
  }
  return new DependencyUnavailableError('The artifact store does not answer.', { cause: error });
}

/** Runs one call or several. @throws AppError only. */
export async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw translateError(error);
  }
}
