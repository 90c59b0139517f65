import type { Posture } from './observe.ts';

/** A reviewed posture: a value, several that are as good, or `*` for what depends on the host and is no guard. */
export type GoldenPosture = Readonly<Record<string, string | readonly string[]>>;

export interface Difference {
  readonly name: string;
  /** Null: it should not be there at all. */
  readonly expected: string | null;
  /** Null: it is missing. */
  readonly found: string | null;
}

const NEITHER_GUARD_NOR_FAULT = '*';

/**
 * Every way in which a place differs from what was reviewed, by name. A cover over a file of the kernel may be missing only
 * where the host's kernel has no such file. Pure.
 */
export function comparePosture(
  golden: GoldenPosture,
  found: Posture,
  hostHas: (path: string) => boolean,
): readonly Difference[] {
  const names = [...new Set([...Object.keys(golden), ...Object.keys(found)])].toSorted();
  return names
    .map((name) => differenceOf(name, golden[name], found[name], hostHas))
    .filter((difference) => difference !== null);
}

function differenceOf(
  name: string,
  expected: string | readonly string[] | undefined,
  value: string | undefined,
  hostHas: (path: string) => boolean,
): Difference | null {
  if (expected === undefined) return { name, expected: null, found: value ?? null };
  if (value === undefined && !isNeeded(name, hostHas)) return null;
  if (value !== undefined && isGood(expected, value)) return null;
  return { name, expected: [expected].flat().join(' or '), found: value ?? null };
}

function isGood(expected: string | readonly string[], value: string): boolean {
  return expected === NEITHER_GUARD_NOR_FAULT || [expected].flat().includes(value);
}

function isNeeded(name: string, hostHas: (path: string) => boolean): boolean {
  const covered = /^mount\.(\/(?:proc|sys)\/.+)$/.exec(name)?.[1];
  return covered === undefined || hostHas(covered);
}

/** For a person. */
export function differenceText({ name, expected, found }: Difference): string {
  if (expected === null) return `${name}: ${found ?? ''}, which is in no reviewed place`;
  return `${name}: ${found ?? 'missing'} instead of ${expected}`;
}
