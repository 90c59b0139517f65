import { NativeLauncher } from '@runyard/sandbox/native';
import { rootRecipeOf } from '@runyard/shared/languages';
import { release } from 'node:os';
import { bringRoot } from './bring-root.ts';
import type { LauncherSetup, SandboxSetupOptions } from './launcher-setup.ts';

/** The native launcher: our own daemon in the runtime root. Throws RuntimeRootError, HostRefusal, LauncherFailure. */
export async function setUpNative(options: SandboxSetupOptions): Promise<LauncherSetup> {
  const { root, binaries } = await bringRoot(rootRecipeOf(options.languages), options);
  const launcher = await NativeLauncher.start({
    keeperPath: binaries.keeperPath,
    launcherPath: binaries.launcherPath,
    supervisorPath: binaries.supervisorPath,
    rootDir: root.dir,
    log: (level, message) => options.logger[level]({ part: 'launcher' }, message),
  });
  const { cgroup = '', ownerId = '' } = launcher.describe();
  return {
    launcher,
    toolchains: root.manifest.toolchains,
    host: { rootId: root.id, launcher: binaries.dir, kernel: release() },
    // The owner is in the names of its control groups: whoever looks at the host can tell servers apart.
    facts: { launcher: 'native', cgroup, kernel: release(), ownerId, runtimeRoot: root.id },
    // Its daemon is a child of this process and is started anew when it dies: there is nobody else to ask.
    check: null,
  };
}
