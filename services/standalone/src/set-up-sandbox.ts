import { SupervisedSandbox, type Launcher, type Sandbox } from '@runyard/sandbox';
import { HostRefusal, LauncherFailure, NativeLauncher } from '@runyard/sandbox/native';
import {
  ensureRuntimeRoot,
  ensureSandboxBinaries,
  RuntimeRootError,
  type EnsureRootOptions,
} from '@runyard/sandbox/runtime-root';
import type { InstalledLanguage, Language } from '@runyard/shared/domain';
import { StartupError } from '@runyard/shared/errors';
import { installedLanguages, rootRecipeOf } from '@runyard/shared/languages';
import type { Logger } from '@runyard/shared/logging';
import { release } from 'node:os';
import type { CheckedHost } from './sample-record.ts';
import type { Terminal } from './terminal.ts';

export interface SandboxSetup {
  readonly launcher: Launcher;
  readonly sandbox: Sandbox;
  readonly languages: readonly InstalledLanguage[];
  readonly host: CheckedHost;
}

export interface SandboxSetupOptions {
  readonly languages: readonly Language[];
  readonly cacheDir: string;
  readonly maySetUp: boolean;
  readonly debianMirror: string | null;
  readonly environment: EnsureRootOptions['environment'];
  readonly terminal: Terminal;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/**
 * Brings everything that programs run in: the runtime root with all toolchains, supervisor and launcher compiled by it, and
 * the launcher running. Takes minutes the first time and under a second afterwards. Throws StartupError, or RuntimeRootError
 * `aborted` when `signal` aborts.
 */
export async function setUpSandbox(options: SandboxSetupOptions): Promise<SandboxSetup> {
  try {
    return await setUp(options);
  } catch (error) {
    if (error instanceof HostRefusal) {
      throw new StartupError(
        `This host cannot enforce a limit that programs must run under: ${error.message}\nRunyard takes no jobs without it; README.md says what a host needs.`,
        { cause: error },
      );
    }
    if (error instanceof LauncherFailure) {
      throw new StartupError(`The sandbox launcher does not start: ${error.message}.`, { cause: error });
    }
    if (error instanceof RuntimeRootError && error.code !== 'aborted') {
      throw new StartupError(error.message, { cause: error });
    }
    throw error;
  }
}

async function setUp(options: SandboxSetupOptions): Promise<SandboxSetup> {
  const { cacheDir, terminal, logger, signal } = options;
  const progress = terminal.progress;
  const root = await ensureRuntimeRoot(rootRecipeOf(options.languages), {
    cacheDir,
    progress,
    mayInstall: options.maySetUp,
    environment: options.environment,
    ...(options.debianMirror === null ? {} : { aptMirror: options.debianMirror }),
    signal,
  });
  const binaries = await ensureSandboxBinaries({ root, cacheDir, progress, signal });
  terminal.done();
  const launcher = await NativeLauncher.start({
    launcherPath: binaries.launcherPath,
    supervisorPath: binaries.supervisorPath,
    rootDir: root.dir,
    log: (level, message) => logger[level]({ part: 'launcher' }, message),
  });
  return {
    launcher,
    sandbox: new SupervisedSandbox(launcher),
    languages: installedLanguages(options.languages, root.manifest.toolchains),
    host: { rootId: root.id, launcher: binaries.dir, kernel: release() },
  };
}
