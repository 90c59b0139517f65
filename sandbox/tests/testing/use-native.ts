import { mkdtempSync, rmSync } from 'node:fs';
import { afterAll, afterEach, beforeAll } from 'vitest';
import {
  groupsOf,
  type NativeSetups,
  type RunningLauncher,
  setUpNative,
  startNative,
  untilEmpty,
} from './native-launcher-fixtures.ts';

export interface NativePair {
  readonly setups: NativeSetups;
  readonly stateDir: string;
  readonly native: RunningLauncher;
  /** Its PID 1 does nothing by itself: what holds it is the launcher alone. */
  readonly stubborn: RunningLauncher;
}

/** Two launchers for the tests of a file, in a state folder of its own. After each test nothing of theirs may be left. */
export function useNative(): NativePair {
  const pair = {} as { -readonly [name in keyof NativePair]: NativePair[name] };

  beforeAll(async () => {
    pair.setups = await setUpNative();
    pair.stateDir = mkdtempSync('/run/runyard-test-');
    pair.native = await startNative(pair.setups.real, pair.stateDir);
    pair.stubborn = await startNative(pair.setups.stubborn, pair.stateDir);
  });

  afterEach(async () => {
    await untilEmpty(() => [pair.native, pair.stubborn].flatMap(({ ownerId }) => groupsOf(ownerId)));
  });

  afterAll(async () => {
    await Promise.all([pair.native.launcher.close(), pair.stubborn.launcher.close()]);
    rmSync(pair.stateDir, { recursive: true });
  });

  return pair;
}
