import { isUtf8 } from 'node:buffer';
import { AppError, InvalidRequestError } from '@runyard/shared/errors';
import { type JsonFault, scanJson } from './scan-json.ts';

/** No body of ours nests deeper than 3 or has more members than arguments, variables and metadata allow together. */
const BOUNDS = { maxDepth: 32, maxValues: 20_000 };
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);
const MAX_POINTER_LENGTH = 200;

/** Throws AppError: invalid_request, json_too_deep. */
export function parseJson(body: Buffer): unknown {
  const bytes = body.subarray(0, 3).equals(BYTE_ORDER_MARK) ? body.subarray(3) : body;
  if (bytes.length === 0) throw bodyError('is empty');
  if (!isUtf8(bytes)) throw bodyError('is not valid UTF-8');
  const fault = scanJson(bytes, BOUNDS);
  if (fault !== null) throw errorOf(fault);
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw bodyError(`is not valid JSON${placeOf(error)}`);
  }
}

/** Text as it stands, byte order mark included. Throws AppError invalid_request. */
export function parseText(bytes: Buffer): string {
  if (!isUtf8(bytes))
    throw new InvalidRequestError('The body is not valid UTF-8.', {
      errors: [{ path: '/code', message: 'is not valid UTF-8' }],
    });
  return bytes.toString('utf8');
}

function bodyError(message: string): AppError {
  return new InvalidRequestError(`The body ${message}.`, { errors: [{ path: '', message }] });
}

function errorOf(fault: JsonFault): AppError {
  const path = fault.pointer.slice(0, MAX_POINTER_LENGTH);
  switch (fault.kind) {
    case 'too_deep': {
      const message = `nests deeper than ${BOUNDS.maxDepth} levels`;
      return new AppError('json_too_deep', `The body ${message}.`, { errors: [{ path, message }] });
    }
    case 'too_many_values':
      return invalid(path, `makes more than ${BOUNDS.maxValues} values in the body`);
    case 'duplicate_key':
      return invalid(path, 'is given twice');
    case 'forbidden_key':
      return invalid(path, 'is not an allowed name');
  }
}

function invalid(path: string, message: string): AppError {
  return new InvalidRequestError(`${path} ${message}.`, { errors: [{ path, message }] });
}

/** Of the engine's message only the place is passed on: the rest quotes the body. */
function placeOf(error: unknown): string {
  const place = error instanceof SyntaxError ? /\(line (\d+) column (\d+)\)/.exec(error.message) : null;
  return place === null ? '' : ` (line ${place[1]}, column ${place[2]})`;
}
