import { AppError, NotFoundError } from '@runyard/shared/errors';
import type { JobStatus } from '@runyard/shared/domain';

/** The same for an unknown, malformed, deleted and foreign id. */
export function noSuchJob(): NotFoundError {
  return new NotFoundError('No such job.');
}

export class UnknownLanguageError extends AppError {
  readonly languages: readonly string[];
  /** Id of the language with the most similar name, if one is near. */
  readonly nearest: string | null;

  constructor(requested: string, languages: readonly string[], nearest: string | null) {
    const hint = nearest === null ? '' : ` Did you mean ${nearest}?`;
    const message = `${JSON.stringify(requested)} is not a language of this server.${hint} Languages: ${languages.join(', ')}.`;
    super('unknown_language', message, { errors: [{ path: '/language', message: `is unknown.${hint}` }] });
    this.languages = languages;
    this.nearest = nearest;
  }
}

export class UnknownVersionError extends AppError {
  /** `installed`: null while it is not known. */
  constructor(language: string, requested: string, installed: string | null) {
    const has = installed === null ? 'which version this server has is not known yet' : `this server has ${installed}`;
    super('unknown_version', `${language} ${requested} is not installed; ${has}.`, {
      errors: [{ path: '/version', message: `is not installed; ${installed ?? 'no version'} is` }],
    });
  }
}

export class QueueFullError extends AppError {
  constructor() {
    super('queue_full', 'The queue is full. Nothing was accepted; try again later.', { retryAfterSec: 2 });
  }
}

export class IdempotencyMismatchError extends AppError {
  constructor() {
    super('idempotency_mismatch', 'This Idempotency-Key was used for a different submission.', {
      errors: [{ path: '/headers/idempotency-key', message: 'belongs to a different submission' }],
    });
  }
}

export class NotFinalError extends AppError {
  readonly executionId: string;
  readonly jobStatus: JobStatus;

  constructor(executionId: string, jobStatus: JobStatus) {
    super('not_final', `The job is ${jobStatus}; it has no result yet.`, { retryAfterSec: 1 });
    this.executionId = executionId;
    this.jobStatus = jobStatus;
  }
}
