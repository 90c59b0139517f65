import { httpStatusOf, isRetryableCode, type ErrorCode } from './codes.ts';

/** One fault of a request: where (JSON pointer into the body, such as `/limits/memoryBytes`; `` is the whole body) and what. */
export interface FieldError {
  readonly path: string;
  readonly message: string;
}

export interface AppErrorOptions {
  readonly errors?: readonly FieldError[];
  /** When the client may try again, in seconds (`Retry-After`). */
  readonly retryAfterSec?: number;
  /** What really happened: for the log, never for the client. */
  readonly cause?: unknown;
}

/**
 * Base of all failures of ours and of all refusals. `message` is public: a client may read it, so it holds no host path, no SQL and
 * no text of another error; details go to `cause`. What a user's program does is data (a verdict), never an AppError.
 */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly errors: readonly FieldError[];
  readonly retryAfterSec: number | null;

  constructor(code: ErrorCode, publicMessage: string, options: AppErrorOptions = {}) {
    super(publicMessage, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.errors = options.errors ?? [];
    this.retryAfterSec = options.retryAfterSec ?? null;
  }

  get httpStatus(): number {
    return httpStatusOf(this.code);
  }

  get isRetryable(): boolean {
    return isRetryableCode(this.code);
  }
}

/** The request cannot be understood or breaks a rule that is not about size. */
export class InvalidRequestError extends AppError {
  constructor(publicMessage: string, options: AppErrorOptions = {}) {
    super('invalid_request', publicMessage, options);
  }
}

/** A limit above what this server allows. Nothing is clipped in silence. */
export class LimitTooHighError extends AppError {
  constructor(errors: readonly FieldError[]) {
    super('limit_too_high', 'A requested limit is above what this server allows.', { errors });
  }
}

/** No such thing, or not the caller's: the two are not told apart. */
export class NotFoundError extends AppError {
  constructor(publicMessage: string) {
    super('not_found', publicMessage);
  }
}

/** Table, queue, object store or another part that we need does not answer as it should. */
export class DependencyUnavailableError extends AppError {
  constructor(publicMessage: string, options: AppErrorOptions = {}) {
    super('dependency_unavailable', publicMessage, options);
  }
}

/**
 * The part is not there, or not ours to use: no such table or queue, access denied. Waiting does not help; a process that lives
 * from it logs the cause and ends, so that whoever runs it sees it. To clients it is like any other outage.
 */
export class FatalDependencyError extends DependencyUnavailableError {}

/** Outputs are written once: the key holds other bytes than those that were to be put. */
export class ArtifactExistsError extends AppError {
  constructor(key: string) {
    super('internal', 'Internal error.', { cause: new Error(`the object ${key} exists with other content`) });
  }
}

/** No sandbox can be made here or now. */
export class SandboxUnavailableError extends AppError {
  constructor(publicMessage: string, options: AppErrorOptions = {}) {
    super('sandbox_unavailable', publicMessage, options);
  }
}

/** A broken invariant of ours. The client learns nothing but that. */
export class InternalError extends AppError {
  constructor(cause: unknown) {
    super('internal', 'Internal error.', { cause });
  }
}

/** Wraps what is not yet an AppError, so that handlers see one family. */
export function toAppError(error: unknown): AppError {
  return error instanceof AppError ? error : new InternalError(error);
}
