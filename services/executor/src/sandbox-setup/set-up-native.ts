import { NativeLauncher } from '@runyard/sandbox/native';
import { bringRoot } from '@runyard/sandbox/setup';
import { release } from 'node:os';
import { type LauncherSetup, runtimeRequestOf, type SandboxSetupOptions } from './launcher-setup.ts';

/**
 * The native launcher: our own daemon in the runtime root, its keeper beside it. This process needs no rights afterwards.
 * Throws RuntimeRootError, HostRefusal, LauncherFailure.
 */
export async function setUpNative(options: SandboxSetupOptions): Promise<LauncherSetup> {
  const { root, binaries } = await bringRoot(runtimeRequestOf(options));
  options.terminal.done();
  const { keeperPath, launcherPath, supervisorPath } = binaries;
  const { toolchains } = root.manifest;
  const launcher = await NativeLauncher.start({
    keeperPath,
    launcherPath,
    supervisorPath,
    rootDir: root.dir,
    user: options.separation?.user ?? null,
    setup: { runtimeRoot: root.id, toolchains },
    log: (level, message) => options.logger[level]({ part: 'launcher' }, message),
  });
  const { cgroup = '', ownerId = '' } = launcher.describe();
  return {
    launcher,
    toolchains,
    host: { rootId: root.id, launcher: binaries.dir, kernel: release() },
    // The owner is in the names of its control groups: whoever looks at the host can tell servers apart.
    facts: { launcher: 'native', cgroup, kernel: release(), ownerId, runtimeRoot: root.id },
    check: (deadlineMs) => launcher.check(deadlineMs),
    exited: launcher.exited,
  };
}
