import type { AbuseCase } from '../case.ts';

/** R2 before R10. */
export function byNumber(cases: readonly AbuseCase[]): readonly AbuseCase[] {
  return cases.toSorted((left, right) => Number(left.id.slice(1)) - Number(right.id.slice(1)));
}
