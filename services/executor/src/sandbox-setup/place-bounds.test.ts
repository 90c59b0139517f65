import { DEFAULT_PLACE_BOUNDS } from '@runyard/sandbox/native';
import { MAX_COMPILE_LIMITS, MAX_RUN_LIMITS } from '@runyard/shared/domain';
import { expect, test } from 'vitest';
import { placeBoundsOf } from './place-bounds.ts';

const GIB = 2 ** 30;

test('a launcher gives what the API promises, and no more', () => {
  expect(placeBoundsOf([])).toEqual({ memoryBytes: GIB, processes: 256, cpuMilli: 1000, places: 64 });
  expect(DEFAULT_PLACE_BOUNDS).toMatchObject({
    memoryBytes: Math.max(MAX_RUN_LIMITS.memoryBytes, MAX_COMPILE_LIMITS.memoryBytes),
    processes: Math.max(MAX_RUN_LIMITS.processes, MAX_COMPILE_LIMITS.processes),
  });
});

test('a language that needs more gets it, one that needs less lowers nothing', () => {
  const bounds = placeBoundsOf([
    { limits: { run: { memoryBytes: 2 * GIB }, compile: { processes: 300 } } },
    { limits: { run: { processes: 16 }, compile: { memoryBytes: GIB / 2 } } },
  ]);
  expect(bounds).toEqual({ memoryBytes: 2 * GIB, processes: 300, cpuMilli: 1000, places: 64 });
});
