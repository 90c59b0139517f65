import { AppError, type ErrorCode, type FieldError } from '@runyard/shared/errors';
import type { z } from 'zod';
import type { Submission } from '../../domain/submission.ts';
import { toPointer } from '../body/scan-json.ts';
import { TOO_LARGE } from './fields.ts';

/** A body can be wrong in thousands of places; the first ones are enough to find the mistake. */
const MAX_ERRORS = 20;
const MAX_POINTER_LENGTH = 200;

/** The submission, or an AppError (invalid_request, body_too_large) that names every wrong field. */
export function parseSubmission(schema: z.ZodType<Submission>, candidate: unknown): Submission {
  const result = schema.safeParse(candidate);
  if (result.success) return result.data;
  const issues = result.error.issues;
  const errors = issues.flatMap((issue) => fieldErrorsOf(issue, candidate)).slice(0, MAX_ERRORS);
  const isTooLarge = issues.some(
    (issue) => issue.code === 'custom' && issue.params?.['errorCode'] === TOO_LARGE.errorCode,
  );
  const code: ErrorCode = isTooLarge ? 'body_too_large' : 'invalid_request';
  const detail = errors.map(({ path, message }) => `${path === '' ? 'The body' : path} ${message}.`).join(' ');
  throw new AppError(code, detail, { errors });
}

function fieldErrorsOf(issue: z.core.$ZodIssue, candidate: unknown): readonly FieldError[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: pointer([...issue.path, key]), message: 'is not a known field' }));
  }
  const isMissing = issue.code === 'invalid_type' && issue.path.length === 1 && !isPresent(candidate, issue.path[0]);
  return [{ path: pointer(issue.path), message: isMissing ? 'is required' : issue.message }];
}

function isPresent(candidate: unknown, name: PropertyKey | undefined): boolean {
  return typeof candidate === 'object' && candidate !== null && name !== undefined && Object.hasOwn(candidate, name);
}

function pointer(path: readonly PropertyKey[]): string {
  return toPointer(path).slice(0, MAX_POINTER_LENGTH);
}
