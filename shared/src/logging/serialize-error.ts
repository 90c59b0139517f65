import { AppError } from '../errors/index.ts';
import { cutText } from './cut-text.ts';

/** Causes nest; more than this says nothing new. */
const MAX_CAUSES = 4;

export interface LoggedError {
  readonly type: string;
  readonly message: string;
  readonly errorCode?: string;
  readonly stack?: string;
  readonly cause?: LoggedError;
}

/** Name, code, message, stack and causes, each cut; never the other fields of an error, which may hold a request or a row. */
export function serializeError(error: unknown, depth: number = 0): LoggedError {
  if (!(error instanceof Error)) return { type: typeof error, message: cutText(describe(error)) };
  const code: unknown = error instanceof AppError ? error.code : Reflect.get(error, 'code');
  return {
    type: error.name,
    message: cutText(error.message),
    ...(typeof code === 'string' ? { errorCode: cutText(code) } : {}),
    ...(error.stack === undefined ? {} : { stack: cutText(framesOf(error.stack)) }),
    ...(error.cause === undefined || depth >= MAX_CAUSES ? {} : { cause: serializeError(error.cause, depth + 1) }),
  };
}

/** The stack without its first lines, which repeat the message uncut. */
function framesOf(stack: string): string {
  const first = stack.search(/^\s+at /m);
  return first === -1 ? '' : stack.slice(first).trimStart();
}

/** What was thrown without being an Error: only what cannot hold user data is shown. */
function describe(value: unknown): string {
  return typeof value === 'object' && value !== null ? 'a thrown object' : String(value);
}
