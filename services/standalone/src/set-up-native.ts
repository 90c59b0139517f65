import { NativeLauncher } from '@runyard/sandbox/native';
import { release } from 'node:os';
import type { LauncherSetup, ToolchainSetup } from './set-up-sandbox.ts';

/** The native launcher: our own daemon in the runtime root. Throws HostRefusal, LauncherFailure. */
export async function setUpNative({ root, binaries, logger }: ToolchainSetup): Promise<LauncherSetup> {
  const launcher = await NativeLauncher.start({
    launcherPath: binaries.launcherPath,
    supervisorPath: binaries.supervisorPath,
    rootDir: root.dir,
    log: (level, message) => logger[level]({ part: 'launcher' }, message),
  });
  const { cgroup = '', ownerId = '' } = launcher.describe();
  return {
    launcher,
    host: { rootId: root.id, launcher: binaries.dir, kernel: release() },
    // The owner is in the names of its control groups: whoever looks at the host can tell servers apart.
    facts: { launcher: 'native', cgroup, kernel: release(), ownerId, runtimeRoot: root.id },
    // Its daemon is a child of this process and is started anew when it dies: there is nobody else to ask.
    check: null,
  };
}
