import { ConfigError } from '@runyard/shared/config';
import { expect, test } from 'vitest';
import { loadSweeperServiceConfig } from './config.ts';

test('nothing set is enough', () => {
  expect(loadSweeperServiceConfig({}).sweeper).toEqual({
    intervalMs: 15_000,
    leaseMs: 45_000,
    resendAfterMs: 120_000,
    maxQueuedMs: 259_200_000,
    languages: null,
  });
});

test('problems of all parts are told at once, by variable', () => {
  const env = { RUNYARD_SWEEP_SEC: '0', RUNYARD_LEASE_SEC: '', ADMIN_PORT: 'x', RUNYARD_CELL: '256', LOG_LEVEL: '' };
  let problems: readonly { readonly variable: string }[] = [];
  try {
    loadSweeperServiceConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) ({ problems } = error);
  }
  expect(problems.map(({ variable }) => variable).toSorted()).toEqual(Object.keys(env).toSorted());
});
