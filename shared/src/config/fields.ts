/**
 * Schemas for environment variables. A value is text or absent. Absent gives the default; empty is an error and not a zero; numbers
 * are whole and bounded on both sides; booleans are exactly `true` or `false`. Give a field no default to make it required.
 */
import { z } from 'zod';
import { Secret } from './secret.ts';

const nonEmpty = z.string({ error: 'must be set' }).min(1, 'must not be empty; unset it to get the default');

export function text(): typeof nonEmpty {
  return nonEmpty;
}

/** A whole number in decimal digits, `min` and `max` included. */
export function integer(bounds: { readonly min: number; readonly max: number }) {
  const message = `must be a whole number from ${bounds.min} to ${bounds.max}`;
  return nonEmpty
    .regex(/^(0|-?[1-9][0-9]{0,15})$/, message)
    .transform(Number)
    .refine((value) => value >= bounds.min && value <= bounds.max, message);
}

export function boolean() {
  return nonEmpty.pipe(z.enum(['true', 'false'], 'must be true or false')).transform((value) => value === 'true');
}

export function choice<const T extends readonly [string, ...string[]]>(values: T) {
  return nonEmpty.pipe(z.enum(values, `must be one of ${values.join(', ')}`));
}

/** Names separated by commas; spaces around them do not count, an empty name is an error. */
export function list() {
  return nonEmpty
    .transform((value) => value.split(',').map((item) => item.trim()))
    .refine((items) => items.every((item) => item !== ''), 'must be names separated by commas');
}

export function secret(bounds: { readonly minLength: number }) {
  return nonEmpty
    .refine((value) => value.length >= bounds.minLength, `must have at least ${bounds.minLength} characters`)
    .transform((value) => new Secret(value));
}
