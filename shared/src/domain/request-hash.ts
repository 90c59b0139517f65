import { hash } from 'node:crypto';

/**
 * SHA-256 (hex) of a JSON value, independent of the order of its keys: tells the replay of a keyed submission from a different one.
 * A member that is `undefined` counts as absent. Recursive: bound the depth first.
 */
export function requestHash(value: unknown): string {
  return hash('sha256', canonicalJson(value));
}

export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`);
  return `{${members.join(',')}}`;
}
