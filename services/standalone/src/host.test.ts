import { StartupError } from '@runyard/shared/errors';
import { expect, test } from 'vitest';
import { requireSandboxHost } from './host.ts';

const GOOD = { platform: 'linux', architecture: 'x64', isRoot: true };

test.each(['auto', 'native'] as const)('%s works as root on Linux', (sandbox) => {
  expect(requireSandboxHost({ sandbox }, GOOD)).toBe('x64');
  expect(requireSandboxHost({ sandbox }, { ...GOOD, architecture: 'arm64' })).toBe('arm64');
});

test.each([
  ['docker', GOOD, 'RUNYARD_SANDBOX=docker'],
  ['auto', { ...GOOD, platform: 'darwin' }, 'Linux'],
  ['auto', { ...GOOD, isRoot: false }, 'root'],
  ['native', { ...GOOD, architecture: 'riscv64' }, 'riscv64'],
] as const)('%s on %o is refused in two lines that name the reason', (sandbox, host, reason) => {
  let error: unknown;
  try {
    requireSandboxHost({ sandbox }, host);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(StartupError);
  const { message } = error as StartupError;
  expect(message.split('\n')).toHaveLength(2);
  expect(message).toContain(reason);
});
