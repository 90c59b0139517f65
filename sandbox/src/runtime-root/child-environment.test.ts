import { expect, it } from 'vitest';
import { toolEnvironment } from './child-environment.ts';

it('keeps what leads to a registry and drops secrets and settings that bend our call', () => {
  const environment = toolEnvironment({
    PATH: '/bin',
    HOME: '/home/x',
    HTTPS_PROXY: 'http://proxy.example',
    no_proxy: 'localhost',
    NODE_EXTRA_CA_CERTS: '/ca.pem',
    NPM_CONFIG_REGISTRY: 'https://npm.example',
    npm_config_cafile: '/ca.pem',
    npm_config_prefix: '/elsewhere',
    npm_config_local_prefix: '/elsewhere',
    npm_config_omit: 'optional',
    AWS_SECRET_ACCESS_KEY: 'secret',
    RUNYARD_SECRET: 'secret',
    NODE_OPTIONS: '--inspect',
    LD_PRELOAD: '/evil.so',
    UNSET: undefined,
  });
  expect(environment).toEqual({
    PATH: '/bin',
    HOME: '/home/x',
    LC_ALL: 'C.UTF-8',
    DEBIAN_FRONTEND: 'noninteractive',
    HTTPS_PROXY: 'http://proxy.example',
    no_proxy: 'localhost',
    NODE_EXTRA_CA_CERTS: '/ca.pem',
    NPM_CONFIG_REGISTRY: 'https://npm.example',
    npm_config_cafile: '/ca.pem',
  });
});
