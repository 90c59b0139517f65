import { AppError } from '@runyard/shared/errors';
import type { Request } from 'express';
import type { z } from 'zod';
import type { BodyLimits } from '../config.ts';
import type { Submission } from '../domain/submission.ts';
import type { BodyOutcome, BodyReader } from './body/body-reader.ts';
import { parseJson, parseText } from './body/parse-json.ts';
import { ClientGoneError, HttpError } from './http-error.ts';
import { Query } from './query.ts';
import { parseSubmission } from './schemas/parse-submission.ts';

/** Fields of a submission that raw text takes from the address; `args` may be repeated. */
const TEXT_FIELDS = ['language', 'version', 'input', 'inputEncoding', 'userId'];
const ACCEPTED = 'application/json, text/plain';

export interface SubmissionReader {
  readonly reader: BodyReader;
  readonly schema: z.ZodType<Submission>;
  readonly limits: BodyLimits;
}

export interface ReadSubmission {
  readonly submission: Submission;
  readonly query: Query;
}

/**
 * A submission from a request: JSON, or the bare source as text with the other fields in the query.
 * Throws AppError (invalid_request, json_too_deep, body_too_large, unsupported_media_type, forbidden), ClientGoneError.
 */
export async function readSubmission(request: Request, parts: SubmissionReader): Promise<ReadSubmission> {
  refuseForeignPages(request);
  if (isTextBody(request)) {
    const query = new Query(request, ['wait', ...TEXT_FIELDS], ['args']);
    const code = parseText(await readBody(request, parts, parts.limits.sourceBytes, '/code'));
    const fields = TEXT_FIELDS.flatMap((name) => (query.get(name) === null ? [] : [[name, query.get(name)] as const]));
    const candidate = { ...Object.fromEntries(fields), code, args: query.getAll('args') };
    return { submission: parseSubmission(parts.schema, candidate), query };
  }
  const query = new Query(request, ['wait']);
  const candidate = parseJson(await readBody(request, parts, parts.limits.totalBytes, ''));
  return { submission: parseSubmission(parts.schema, candidate), query };
}

/**
 * Browsers let any page post plain text to any address, a server on the visitor's own machine included; it only cannot read
 * the answer. They say so with this header, which no page can set. No page of another origin could use this server anyway.
 */
function refuseForeignPages(request: Request): void {
  const site = request.headers['sec-fetch-site'];
  if (site === 'cross-site' || site === 'same-site') {
    throw new AppError('forbidden', 'A page of another origin must not submit jobs.');
  }
}

/** False: JSON. Anything else than the two is refused, before the body is read. */
function isTextBody(request: Request): boolean {
  const header = request.headers['content-type'] ?? '';
  const [mediaType = '', ...parameters] = header.split(';').map((part) => part.trim().toLowerCase());
  const charset = parameters.find((parameter) => parameter.startsWith('charset='))?.slice('charset='.length);
  if (charset !== undefined && !['utf-8', 'utf8', 'us-ascii'].includes(charset.replaceAll('"', ''))) {
    throw unsupported('Only UTF-8 is understood.');
  }
  if (mediaType === 'application/json') return false;
  if (mediaType === 'text/plain') return true;
  throw unsupported(
    'Send JSON with Content-Type: application/json, or source text with Content-Type: text/plain and ?language=.',
  );
}

function unsupported(message: string): AppError {
  return new AppError('unsupported_media_type', message, {
    errors: [{ path: '/headers/content-type', message: `must be one of ${ACCEPTED} in UTF-8` }],
  });
}

async function readBody(request: Request, parts: SubmissionReader, maxBytes: number, path: string): Promise<Buffer> {
  const outcome = await parts.reader.read(request, maxBytes);
  if (outcome.kind === 'body') return outcome.bytes;
  throw refusalOf(outcome.kind, maxBytes, path);
}

function refusalOf(kind: Exclude<BodyOutcome['kind'], 'body'>, maxBytes: number, path: string): Error {
  switch (kind) {
    case 'too_large': {
      const message = `must be at most ${maxBytes} bytes`;
      return new AppError('body_too_large', `The body ${message}.`, { errors: [{ path, message }] });
    }
    case 'timed_out':
      return new HttpError(408, 'The body did not arrive in time.');
    case 'unknown_encoding': {
      const message = 'must be gzip, deflate, br or identity';
      const errors = [{ path: '/headers/content-encoding', message }];
      return new AppError('unsupported_media_type', `Content-Encoding ${message}.`, { errors });
    }
    case 'corrupt':
      return new HttpError(400, 'The body is not what its Content-Encoding says.');
    case 'busy':
      return new AppError('queue_full', 'Too many large bodies are arriving at once. Try again.', { retryAfterSec: 1 });
    case 'gone':
      return new ClientGoneError();
  }
}
