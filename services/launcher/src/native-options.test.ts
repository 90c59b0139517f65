import { LauncherFailure } from '@runyard/sandbox/native';
import { expect, test } from 'vitest';
import { loadConfig } from './config.ts';
import { nativeOptionsOf } from './native-options.ts';

test('the variables bound the native launcher too', () => {
  const config = loadConfig({
    RUNYARD_MAX_MEMORY_MIB: '64',
    RUNYARD_MAX_PROCESSES: '16',
    RUNYARD_MAX_CPU_MILLI: '500',
    RUNYARD_MAX_PLACES: '3',
    RUNYARD_LAUNCHER_OWNER: '01234567',
  });
  expect(nativeOptionsOf(config)).toEqual({
    bounds: { memoryBytes: 67_108_864, processes: 16, cpuMilli: 500, places: 3 },
    ownerId: '01234567',
  });
});

test('nothing set is the maximum of the product', () => {
  expect(nativeOptionsOf(loadConfig({}))).toEqual({
    bounds: { memoryBytes: 1_073_741_824, processes: 256, cpuMilli: 1000, places: 64 },
  });
});

test.each([
  [{ RUNYARD_MAX_PLACES: '65' }, 'RUNYARD_MAX_PLACES=65: the native launcher has at most 64'],
  [{ RUNYARD_LAUNCHER_OWNER: '0123456789abcdef' }, 'RUNYARD_LAUNCHER_OWNER must have 8 digits'],
])('%o, which docker could do, is refused by name', (env, message) => {
  const config = loadConfig(env);
  expect(() => nativeOptionsOf(config)).toThrow(LauncherFailure);
  expect(() => nativeOptionsOf(config)).toThrow(message);
});
