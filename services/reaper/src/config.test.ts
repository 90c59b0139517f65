import { ConfigError } from '@runyard/shared/config';
import { expect, test } from 'vitest';
import { loadConfig } from './config.ts';

test('by default it logs, serves nothing and belongs to nobody', () => {
  expect(loadConfig({})).toEqual({ logLevel: 'info', admin: null, lifelineOwner: null });
});

test('health on loopback where a port is given', () => {
  expect(loadConfig({ ADMIN_PORT: '8081' }).admin).toEqual({ host: '127.0.0.1', port: 8081 });
});

test.each([{ ADMIN_PORT: '65536' }, { ADMIN_PORT: '' }, { LOG_LEVEL: 'loud' }, { RUNYARD_REAPER_OWNER: '' }])(
  '%j is refused',
  (env) => {
    expect(() => loadConfig(env)).toThrow(ConfigError);
  },
);
