import type { HostFacts } from './facts.ts';

/** `required`: without it no job is taken. `advised`: told, and refused only when the operator asks for strictness. */
export type CheckLevel = 'required' | 'advised';

/** `missing`: the guard is not there at all; `weak`: there, but less than it could be; `unknown`: cannot be seen from here. */
export type CheckStatus = 'ok' | 'weak' | 'missing' | 'unknown';

export interface Judgement {
  readonly status: CheckStatus;
  /** What was found, in a few words. */
  readonly found: string;
}

/** One thing that a host should be, as data. `judge` is pure; null: it does not apply here. */
export interface Check {
  readonly id: string;
  readonly level: CheckLevel;
  /** What goes wrong without it, in one sentence. */
  readonly why: string;
  /** What to do, in one line. */
  readonly fix: string;
  judge(facts: HostFacts): Judgement | null;
}

export interface Finding extends Judgement {
  readonly id: string;
  readonly level: CheckLevel;
  readonly why: string;
  readonly fix: string;
}

export function ok(found: string): Judgement {
  return { status: 'ok', found };
}

export function weak(found: string): Judgement {
  return { status: 'weak', found };
}

export function missing(found: string): Judgement {
  return { status: 'missing', found };
}

export function unknown(found: string): Judgement {
  return { status: 'unknown', found };
}

/** `ok` or `weak` by what was read; `unknown` when it could not be. */
export function okIf(value: string | null, isOk: (value: string) => boolean): Judgement {
  if (value === null) return unknown('cannot be read');
  return isOk(value) ? ok(value) : weak(value);
}
