import { expect, test } from 'vitest';
import { sandboxReadiness } from './readiness.ts';

const SAMPLES = new Map([
  ['bash', 'passed'],
  ['c', 'pending'],
  ['cpp', 'failed'],
  ['python', 'passed'],
] as const);

test('ready, with the state of every sample', () => {
  expect(sandboxReadiness({ isStopping: false, trouble: null, faultsInARow: 2, samples: SAMPLES })).toEqual({
    isReady: true,
    detail: 'samples passed: bash, python; pending: c; failed: cpp',
  });
});

test('not ready while stopping, or when run after run fails by our fault', () => {
  expect(sandboxReadiness({ isStopping: true, trouble: null, faultsInARow: 0, samples: SAMPLES }).isReady).toBe(false);
  expect(sandboxReadiness({ isStopping: false, trouble: 'down', faultsInARow: 0, samples: SAMPLES })).toEqual({
    isReady: false,
    detail: 'down',
  });
  expect(sandboxReadiness({ isStopping: false, trouble: null, faultsInARow: 3, samples: SAMPLES }).isReady).toBe(false);
});
