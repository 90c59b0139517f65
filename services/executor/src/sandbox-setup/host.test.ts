import { StartupError } from '@runyard/shared/errors';
import { describe, expect, test } from 'vitest';
import { chooseLauncher, requireArchitecture, type WantedLauncher } from './host.ts';

const ROOT = { platform: 'linux', architecture: 'x64', isRoot: true };
const USER = { ...ROOT, isRoot: false };
const MAC = { ...ROOT, platform: 'darwin' };
const there = async () => null;
const missing = async () => 'no socket';
const asked = () => Promise.reject(new Error('asked'));

describe('chooseLauncher', () => {
  test.each([
    ['auto', ROOT, there, 'docker'],
    ['auto', USER, there, 'docker'],
    ['auto', MAC, there, 'docker'],
    ['auto', ROOT, missing, 'native'],
    ['native', ROOT, there, 'native'],
    ['docker', USER, there, 'docker'],
  ] as const)('%s on %o', async (wanted, host, engine, expected) => {
    expect(await chooseLauncher(wanted, host, engine)).toBe(expected);
  });

  test('native asks no engine', async () => {
    await expect(chooseLauncher('native', ROOT, asked)).resolves.toBe('native');
  });

  test.each([
    ['auto', USER, ['root', 'no socket']],
    ['auto', MAC, ['darwin', 'no socket']],
    ['native', USER, ['root']],
    ['docker', ROOT, ['RUNYARD_SANDBOX=docker', 'no socket']],
  ] as const)(
    '%s on %o is refused in two lines that name the reason',
    async (wanted: WantedLauncher, host, reasons) => {
      const error: unknown = await chooseLauncher(wanted, host, missing).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(StartupError);
      const { message } = error as StartupError;
      expect(message.split('\n')).toHaveLength(2);
      for (const reason of reasons) expect(message).toContain(reason);
    },
  );
});

test('other architectures are refused by name', () => {
  expect(requireArchitecture({ ...ROOT, architecture: 'arm64' })).toBe('arm64');
  expect(() => requireArchitecture({ ...ROOT, architecture: 'riscv64' })).toThrow('riscv64');
});
