import { ConfigError } from '@runyard/shared/config';
import { expect, test } from 'vitest';
import { loadConfig } from './config.ts';

test('by itself it serves health on loopback and belongs to nobody', () => {
  const admin = { host: '127.0.0.1', port: 8081 };
  expect(loadConfig({})).toEqual({ logLevel: 'info', admin, lifelineOwner: null });
});

test('as a child it serves nothing', () => {
  expect(loadConfig({ RUNYARD_REAPER_OWNER: 'abc' })).toEqual({ logLevel: 'info', admin: null, lifelineOwner: 'abc' });
});

test.each([{ ADMIN_PORT: '65536' }, { ADMIN_PORT: '' }, { LOG_LEVEL: 'loud' }, { RUNYARD_REAPER_OWNER: '' }])(
  '%j is refused',
  (env) => {
    expect(() => loadConfig(env)).toThrow(ConfigError);
  },
);
