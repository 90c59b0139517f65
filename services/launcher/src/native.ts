import { LauncherFailure, NativeLauncher } from '@runyard/sandbox/native';
import { bringRoot } from '@runyard/sandbox/setup';
import type { SocketAccess } from '@runyard/sandbox/socket-server';
import { MAX_OUTPUT_MIB } from './config.ts';
import type { SetupContext } from './context.ts';
import { nativeOptionsOf } from './native-options.ts';
import type { RunningLauncher } from './running-launcher.ts';

/**
 * Our own daemon behind the socket. This process only brings what it needs and starts it: connections go to the daemon
 * itself. Throws RuntimeRootError, HostRefusal, LauncherFailure.
 */
export async function runNative(context: SetupContext, access: SocketAccess): Promise<RunningLauncher> {
  const { config, environment, recipe, logger, signal, terminal } = context;
  const { cacheDir, maySetUp: mayInstall, debianMirror } = config.runtime;
  // Refused by the configuration where `native` was asked for; here `auto` found no engine.
  if (config.runtime.hasCpuset)
    throw new LauncherFailure(
      'the native launcher has no cpuset: RUNYARD_CPUSET=true needs the docker launcher (RUNYARD_SANDBOX=docker)',
    );
  if (access.kind === 'group')
    throw new LauncherFailure('the native launcher takes one user (RUNYARD_LAUNCHER_USER), not a group');
  const own = nativeOptionsOf(config);
  if (config.maxOutputBytes !== MAX_OUTPUT_MIB * 2 ** 20)
    logger.warn(
      "RUNYARD_MAX_OUTPUT_MIB bounds docker alone: here output is PID 1's, and what a client does not read waits there",
    );
  const request = { recipe, cacheDir, mayInstall, environment, debianMirror, signal, progress: terminal.progress };
  const { root, binaries } = await bringRoot(request);
  terminal.done();
  const { keeperPath, launcherPath, supervisorPath } = binaries;
  const launcher = await NativeLauncher.start({
    keeperPath,
    launcherPath,
    supervisorPath,
    rootDir: root.dir,
    socketPath: config.socketPath,
    user: access.kind === 'user' ? access : null,
    ...own,
    setup: { runtimeRoot: root.id, toolchains: root.manifest.toolchains },
    log: (level, message) => logger[level]({ part: 'launcher' }, message),
  });
  return { facts: launcher.describe(), failed: launcher.exited, stop: () => launcher.close() };
}
