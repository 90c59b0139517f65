import { describe, expect, test } from 'vitest';
import { compare, faultsOf, parseRuntimeVersion } from './runtime-version.ts';

const MOUNT_RACES = 'CVE-2025-31133, CVE-2025-52565, CVE-2025-52881 (mount races over masked paths)';
const DESCRIPTORS = 'CVE-2024-21626 (leaked descriptors of the host)';

describe('parseRuntimeVersion', () => {
  test.each([
    ['runc version 1.1.5+ds1', 'runc', [1, 1, 5], false],
    ['runc version 1.4.0-rc.2', 'runc', [1, 4, 0], true],
    ['crun version 1.8.1', 'crun', [1, 8, 1], false],
    ['crun version 1.25', 'crun', [1, 25, 0], false],
    ['runsc version release-20250319.0', 'runsc', [20_250_319, 0, 0], false],
  ])('%s', (line, name, numbers, isPrerelease) => {
    expect(parseRuntimeVersion(line)).toEqual({ name, numbers, isPrerelease, text: line });
  });

  test.each(['', 'runc', 'command not found', 'version 1.2.3'])('%j is no version', (line) => {
    expect(parseRuntimeVersion(line)).toBeNull();
  });
});

describe('faultsOf', () => {
  test.each([
    ['runc version 1.1.5+ds1', [DESCRIPTORS, MOUNT_RACES]],
    ['runc version 1.1.12', [MOUNT_RACES]],
    ['runc version 1.2.7', [MOUNT_RACES]],
    ['runc version 1.2.8', []],
    ['runc version 1.3.2', [MOUNT_RACES]],
    ['runc version 1.3.3', []],
    ['runc version 1.4.0-rc.2', [MOUNT_RACES]],
    ['runc version 1.4.0', []],
    ['runc version 2.0.1', []],
    ['crun version 1.8.1', ['the mount races of CVE-2025-52881 (in its own code)']],
    ['crun version 1.25', []],
    ['runsc version release-20250319.0', []],
  ])('%s', (line, faults) => {
    expect(faultsOf(parseRuntimeVersion(line)!)).toEqual(faults);
  });
});

test('numbers are compared as numbers', () => {
  expect([compare([1, 10], [1, 9]), compare([1, 2], [1, 2, 0]), compare([1, 2], [1, 2, 1])]).toEqual([1, 0, -1]);
});
