import { hostname } from 'node:os';
import { ConfigError } from '@runyard/shared/config';
import { expect, test } from 'vitest';
import { loadExecutorServiceConfig } from './service-config.ts';

test('nothing set is enough', () => {
  const config = loadExecutorServiceConfig({}, false);
  expect(config.service).toEqual({ logLevel: 'info' });
  expect(config.admin).toEqual({ host: '127.0.0.1', port: 8081 });
  expect(config.aws).toMatchObject({ table: 'runyard-dev-0-jobs', bucket: 'runyard-dev-0-artifacts' });
  expect(config.executor).toMatchObject({ languages: null, leaseMs: 45_000, drainMs: 30_000 });
  expect(config.sandbox).toMatchObject({ launcherSocket: null, startupCheck: null });
  expect(config.own.worker).toBe(`${hostname()}-${process.pid}`);
});

function languagesOf(env: Record<string, string>): readonly string[] | null {
  return loadExecutorServiceConfig(env, false).executor.languages;
}

test('EXECUTOR_LANGUAGES makes it the executor of a language, and so does the general name', () => {
  expect(languagesOf({ EXECUTOR_LANGUAGES: 'python' })).toEqual(['python']);
  expect(languagesOf({ RUNYARD_LANGUAGES: 'c, cpp' })).toEqual(['c', 'cpp']);
  expect(languagesOf({ EXECUTOR_LANGUAGES: 'python', RUNYARD_LANGUAGES: 'c, python' })).toEqual(['python']);
});

test('problems of all parts are told at once, by variable', () => {
  const env = {
    LOG_LEVEL: 'loud',
    RUNYARD_BACKEND: 'embedded',
    ADMIN_PORT: '-1',
    DYNAMODB_TABLE: '?',
    RUNYARD_SLOTS: '0',
    RUNYARD_LEASE_SEC: '2',
    RUNYARD_CACHE_DIR: 'cache',
    RUNYARD_LAUNCHER_SOCKET: 'launcher.sock',
    RUNYARD_EXECUTOR_ID: 'a b',
  };
  let problems: readonly { readonly variable: string }[] = [];
  try {
    loadExecutorServiceConfig(env, false);
  } catch (error) {
    if (error instanceof ConfigError) ({ problems } = error);
  }
  expect(problems.map(({ variable }) => variable).toSorted()).toEqual(Object.keys(env).toSorted());
});
