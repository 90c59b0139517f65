import { ConfigError } from '@runyard/shared/config';
import { expect, test } from 'vitest';
import { loadConfig } from './config.ts';

test('nothing set is enough', () => {
  const config = loadConfig({}, true);
  expect(config.gateway).toMatchObject({ host: '127.0.0.1', port: 8080, execTimeoutSec: 10 });
  expect(config.executor).toMatchObject({ languages: null, leaseMs: 45_000, drainMs: 30_000 });
  expect(config.executor.slots).toBeGreaterThan(0);
  expect(config.server).toEqual({ dataDir: '/var/lib/runyard', user: null, isStrict: false, logLevel: null });
  expect(config.sandbox).toEqual({
    cacheDir: '/var/cache/runyard',
    sandbox: 'auto',
    sandboxImage: null,
    sandboxRuntime: null,
    hasCpuset: false,
    maySetUp: true,
    debianMirror: null,
    launcherSocket: null,
    startupCheck: null,
  });
});

test('a user who is not root keeps everything at home', () => {
  const { server, sandbox } = loadConfig({ XDG_DATA_HOME: '/home/u/data', XDG_CACHE_HOME: '/home/u/cache' }, false);
  expect(server.dataDir).toBe('/home/u/data/runyard');
  expect(sandbox.cacheDir).toBe('/home/u/cache/runyard');
});

test('what is set counts', () => {
  const config = loadConfig(
    {
      PORT: '0',
      RUNYARD_SLOTS: '3',
      RUNYARD_LANGUAGES: 'python, c',
      RUNYARD_DATA_DIR: '/data',
      RUNYARD_SETUP: 'off',
      RUNYARD_DEBIAN_MIRROR: 'http://mirror/debian',
      RUNYARD_STARTUP_CHECK: 'python',
      RUNYARD_DRAIN_SEC: '0',
      RUNYARD_LEASE_SEC: '6',
      LOG_LEVEL: 'debug',
    },
    true,
  );
  expect(config.gateway.port).toBe(0);
  expect(config.executor).toEqual({ slots: 3, languages: ['python', 'c'], leaseMs: 6_000, drainMs: 0 });
  expect(config.server).toMatchObject({ dataDir: '/data', logLevel: 'debug' });
  expect(config.sandbox).toMatchObject({
    maySetUp: false,
    debianMirror: 'http://mirror/debian',
    startupCheck: ['python'],
  });
});

test('problems of all parts are told at once, by variable', () => {
  const env = {
    PORT: 'x',
    RUNYARD_SLOTS: '',
    EXEC_TIMEOUT_SEC: '61',
    RUNYARD_CACHE_DIR: 'cache',
    RUNYARD_DEBIAN_MIRROR: 'ftp://x',
    LOG_LEVEL: 'loud',
  };
  let error: unknown;
  try {
    loadConfig(env, true);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(ConfigError);
  expect((error as ConfigError).problems.map(({ variable }) => variable).toSorted()).toEqual(
    Object.keys(env).toSorted(),
  );
});
