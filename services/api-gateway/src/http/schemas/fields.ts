import { z } from 'zod';

/** Linux allows 128 KiB for one argument and 2 MiB for all; nobody needs that much, and the record keeps them. */
const MAX_ARGS = 256;
const MAX_ARGS_BYTES = 32 * 1024;
const MAX_ENV = 128;
const MAX_ENV_BYTES = 32 * 1024;
const MAX_METADATA_BYTES = 4 * 1024;
const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

/** Marks an issue that is about size: the answer is 413. */
export const TOO_LARGE = { errorCode: 'body_too_large' } as const;

const text = z.string('must be a string').refine((value) => value.isWellFormed(), {
  // Half a surrogate pair has no UTF-8: storing it would change it.
  error: 'holds half of a surrogate pair, which UTF-8 cannot carry',
  abort: true,
});

/** Any text up to a size in bytes of UTF-8, NUL included. */
export function sizedText(maxBytes: number) {
  return text.refine((value) => Buffer.byteLength(value) <= maxBytes, {
    error: `must be at most ${maxBytes} bytes`,
    params: TOO_LARGE,
    abort: true,
  });
}

/** A name or other short text on one line. */
export function label(bounds: { minLength: number; maxLength: number }) {
  return text
    .min(bounds.minLength, 'must not be empty')
    .max(bounds.maxLength, `must be at most ${bounds.maxLength} characters`)
    .refine((value) => !CONTROL.test(value), 'must not hold control characters');
}

/** What an argument or a variable can hold: C ends it at the first NUL. */
const cString = text.refine((value) => !value.includes('\0'), 'must not hold NUL');

export function argumentList() {
  return z
    .array(cString, 'must be an array of strings')
    .max(MAX_ARGS, `must be at most ${MAX_ARGS} arguments`)
    .refine((args) => bytesOf(args) <= MAX_ARGS_BYTES, `must be at most ${MAX_ARGS_BYTES} bytes together`);
}

export function environment() {
  return z.record(z.string(), cString, 'must be an object of strings').check((context) => {
    const env = context.value;
    const names = Object.keys(env);
    const complain = (message: string, path: string[] = []) => {
      context.issues.push({ code: 'custom', input: env, path, message });
    };
    if (names.length > MAX_ENV) complain(`must be at most ${MAX_ENV} variables`);
    if (bytesOf([...names, ...Object.values(env)]) > MAX_ENV_BYTES) {
      complain(`must be at most ${MAX_ENV_BYTES} bytes together`);
    }
    for (const name of names) {
      if (!ENV_NAME.test(name)) complain('is not a variable name: letters, digits and _, at most 128', [name]);
    }
  });
}

/** A whole number of at least 1. What no limit can be (1e300) stays far above every maximum, which is checked later. */
export function limitNumber() {
  return z
    .number('must be a number')
    .refine((value) => Number.isInteger(value) && value >= 1, 'must be a whole number of at least 1')
    .transform((value) => Math.min(value, Number.MAX_SAFE_INTEGER));
}

/** A JSON object of the client's own, given back as it came. */
export function metadata() {
  return z.custom<Readonly<Record<string, unknown>>>(isPlainObject, 'must be an object').check((context) => {
    const message = metadataFault(context.value);
    if (message !== null) context.issues.push({ code: 'custom', input: context.value, message });
  });
}

/** Bytes that the text stands for; null when it is no base64 of the standard alphabet with padding. */
export function base64Bytes(value: string): number | null {
  // Node skips what it does not know: only a text that comes back unchanged was base64 and nothing else.
  const bytes = Buffer.from(value, 'base64');
  return bytes.toString('base64') === value ? bytes.length : null;
}

function metadataFault(value: unknown): string | null {
  if (!isStorable(value)) return 'holds a number or a text that cannot be stored as it is';
  const isTooLarge = Buffer.byteLength(JSON.stringify(value)) > MAX_METADATA_BYTES;
  return isTooLarge ? `must be at most ${MAX_METADATA_BYTES} bytes as JSON` : null;
}

/** 1e400 is Infinity after parsing and null after writing. Recursion is bounded by the depth of a body. */
function isStorable(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(([key, member]) => key.isWellFormed() && isStorable(member));
}

function isPlainObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function bytesOf(texts: readonly string[]): number {
  return texts.reduce((sum, value) => sum + Buffer.byteLength(value) + 1, 0);
}
