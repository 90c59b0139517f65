import { LauncherFailure, NativeLauncher } from '@runyard/sandbox/native';
import { bringRoot } from '@runyard/sandbox/setup';
import { release } from 'node:os';
import { type LauncherSetup, runtimeRequestOf, type SandboxSetupOptions } from './launcher-setup.ts';
import { placeBoundsOf } from './place-bounds.ts';

/**
 * The native launcher: our own daemon in the runtime root, its keeper beside it. This process needs no rights afterwards.
 * Throws RuntimeRootError, HostRefusal, LauncherFailure.
 */
export async function setUpNative(options: SandboxSetupOptions): Promise<LauncherSetup> {
  // Refused by the configuration where `native` was asked for; here `auto` found no engine.
  if (options.config.hasCpuset)
    throw new LauncherFailure(
      'the native launcher has no cpuset: RUNYARD_CPUSET=true needs the docker launcher (RUNYARD_SANDBOX=docker)',
    );
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
    bounds: placeBoundsOf(options.languages),
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
