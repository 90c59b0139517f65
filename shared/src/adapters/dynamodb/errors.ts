import { ConditionalCheckFailedException, DynamoDBServiceException } from '@aws-sdk/client-dynamodb';
import { AppError, DependencyUnavailableError, FatalDependencyError, InternalError } from '../../errors/index.ts';

/**
 * What the SDK throws, as ours. Throttling, time-outs, cut connections and 5xx: the same call may succeed later. A missing table or
 * missing rights: it will not before an operator has changed something. A request that DynamoDB finds malformed: a fault of this code.
 */
export function translateError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (error instanceof DynamoDBServiceException) {
    if (isTooLarge(error))
      return new AppError('body_too_large', 'The job is too large to be stored.', { cause: error });
    if (error.name === 'ValidationException' || error.name === 'SerializationException')
      return new InternalError(error);
    if (FATAL.has(error.name)) return new FatalDependencyError('The job store refuses this server.', { cause: error });
    const isThrottled = THROTTLED.has(error.name);
    return new DependencyUnavailableError(
      isThrottled ? 'The job store takes no more requests right now.' : 'The job store does not answer as it should.',
      { cause: error },
    );
  }
  if (error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError)
    return new InternalError(error);
  return new DependencyUnavailableError('The job store does not answer.', { cause: error });
}

/** Names of the developer guide, "Error handling with DynamoDB". */
const THROTTLED: ReadonlySet<string> = new Set([
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'ThrottlingException',
]);

const FATAL: ReadonlySet<string> = new Set([
  'AccessDeniedException',
  'InvalidSignatureException',
  'ResourceNotFoundException',
  'UnrecognizedClientException',
]);

function isTooLarge(error: DynamoDBServiceException): boolean {
  return error.name === 'ValidationException' && error.message.includes('tem size');
}

export function isConditionFailure(error: unknown): error is ConditionalCheckFailedException {
  return error instanceof ConditionalCheckFailedException;
}

/** Runs one call or several. @throws AppError only. */
export async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw translateError(error);
  }
}
