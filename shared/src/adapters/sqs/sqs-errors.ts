import { SQSServiceException } from '@aws-sdk/client-sqs';
import { AppError, DependencyUnavailableError, FatalDependencyError, InternalError } from '../../errors/index.ts';

/** Error codes of the SQS API reference that no second try cures. */
const FATAL: ReadonlySet<string> = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'ExpiredToken',
  'InvalidAddress',
  'InvalidClientTokenId',
  'InvalidSecurity',
  'InvalidSignatureException',
  'QueueDoesNotExist',
  'SignatureDoesNotMatch',
  'UnrecognizedClientException',
  'UnsupportedOperation',
]);

/** What SQS says of a receipt whose message is no longer in flight under it. */
const NOT_CURRENT: ReadonlySet<string> = new Set([
  'InvalidParameterValue',
  'InvalidParameterValueException',
  'MessageNotInflight',
  'ReceiptHandleIsInvalid',
]);

export function isNotCurrent(code: string | undefined): boolean {
  return code !== undefined && NOT_CURRENT.has(code);
}

/** What the SDK throws, as ours. Throttling, time-outs, cut connections and 5xx may pass. */
export function translateError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (error instanceof TypeError || error instanceof RangeError) return new InternalError(error);
  if (error instanceof SQSServiceException && FATAL.has(error.name)) {
    return new FatalDependencyError('The job queue refuses this server.', { cause: error });
  }
  return new DependencyUnavailableError('The job queue does not answer.', { cause: error });
}

/** Runs one call or several. @throws AppError only. */
export async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw translateError(error);
  }
}
