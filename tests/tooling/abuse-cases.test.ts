import { describe, expect, test } from 'vitest';
import { SECTIONS } from '../abuse/cases/index.ts';

/** How many cases each section of the list has; the ids of the list never change their meaning. */
const LISTED = { R: 20, E: 14, L: 9, O: 9, P: 7, T: 9, I: 7, C: 20, A: 12 } as const;

const all = SECTIONS.flatMap(({ cases }) => cases);

describe('the abuse suite', () => {
  test('has every case of the list, once', () => {
    const listed = Object.entries(LISTED).flatMap(([letter, count]) =>
      Array.from({ length: count }, (_, index) => `${letter}${index + 1}`),
    );
    expect(all.map(({ id }) => id).toSorted()).toEqual(listed.toSorted());
  });

  test('runs all of them in full, and gives a reason and a decision for whatever differs', () => {
    expect(all.filter(({ tags }) => !tags.includes('full')).map(({ id }) => id)).toEqual([]);
    const reasons = all.flatMap(({ cannotRun = {}, deviates = {} }) => [
      ...Object.values(cannotRun),
      ...Object.values(deviates).map(({ decision }) => decision),
    ]);
    expect(reasons.filter((reason) => reason.length < 20)).toEqual([]);
  });
});
