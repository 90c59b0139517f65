import { ConfigError } from '@runyard/shared/config';
import { expect, test } from 'vitest';
import { loadConfig } from './config.ts';

const MIB = 1024 * 1024;

test('nothing set is enough', () => {
  expect(loadConfig({})).toMatchObject({
    runtime: { sandbox: 'auto', sandboxImage: null, hasCpuset: false },
    socketPath: '/run/runyard/launcher.sock',
    user: null,
    group: null,
    maxPlaces: 64,
    maxMemoryBytes: 1024 * MIB,
    maxProcesses: 256,
    maxCpuMilli: 1000,
    maxOutputBytes: 16 * MIB,
    ownerId: null,
    hasLifeline: false,
    image: null,
  });
});

test('what a server hands over is taken', () => {
  const image = { image: 'runyard/sandbox:1', runtimeRoot: 'abc', toolchains: { c: 'gcc 14' } };
  const config = loadConfig({
    RUNYARD_SANDBOX: 'docker',
    RUNYARD_CPUSET: 'true',
    RUNYARD_LAUNCHER_SOCKET: '/run/x.sock',
    RUNYARD_LAUNCHER_USER: '1000:50',
    RUNYARD_LAUNCHER_OWNER: '0123456789abcdef',
    RUNYARD_LAUNCHER_LIFELINE: 'true',
    RUNYARD_LAUNCHER_IMAGE: JSON.stringify(image),
  });
  expect(config.runtime).toMatchObject({ sandbox: 'docker', hasCpuset: true });
  expect(config).toMatchObject({ socketPath: '/run/x.sock', user: '1000:50', hasLifeline: true, image });
});

test.each([
  [{ RUNYARD_LAUNCHER_SOCKET: 'launcher.sock' }, 'RUNYARD_LAUNCHER_SOCKET'],
  [{ RUNYARD_LAUNCHER_USER: 'a', RUNYARD_LAUNCHER_GROUP: 'b' }, 'RUNYARD_LAUNCHER_GROUP'],
  [{ RUNYARD_LAUNCHER_OWNER: '../../x' }, 'RUNYARD_LAUNCHER_OWNER'],
  [{ RUNYARD_MAX_PLACES: '0' }, 'RUNYARD_MAX_PLACES'],
  [{ RUNYARD_MAX_OUTPUT_MIB: '17' }, 'RUNYARD_MAX_OUTPUT_MIB'],
  [{ RUNYARD_SANDBOX: 'native', RUNYARD_CPUSET: 'true' }, 'RUNYARD_CPUSET'],
  [{ RUNYARD_CPUSET: 'all' }, 'RUNYARD_CPUSET'],
  [{ RUNYARD_SANDBOX: 'none' }, 'RUNYARD_SANDBOX'],
  [{ RUNYARD_LAUNCHER_IMAGE: '{' }, 'RUNYARD_LAUNCHER_IMAGE'],
  [{ RUNYARD_LAUNCHER_IMAGE: '{"image":1}' }, 'RUNYARD_LAUNCHER_IMAGE'],
])('%o is refused by name', (env, variable) => {
  expect(() => loadConfig(env)).toThrow(ConfigError);
  expect(() => loadConfig(env)).toThrow(variable);
});
