import { SupervisedSandbox, type Launcher, type Sandbox } from '@runyard/sandbox';
import { EngineError } from '@runyard/sandbox/docker';
import { HostRefusal, LauncherFailure } from '@runyard/sandbox/native';
import {
  ensureRuntimeRoot,
  ensureSandboxBinaries,
  RuntimeRootError,
  type EnsureRootOptions,
  type RuntimeRoot,
  type SandboxBinaries,
} from '@runyard/sandbox/runtime-root';
import type { InstalledLanguage, Language } from '@runyard/shared/domain';
import { StartupError } from '@runyard/shared/errors';
import { installedLanguages, rootRecipeOf } from '@runyard/shared/languages';
import type { Logger } from '@runyard/shared/logging';
import type { CheckedHost } from './sample-record.ts';
import { setUpDocker } from './set-up-docker.ts';
import { setUpNative } from './set-up-native.ts';
import type { Terminal } from './terminal.ts';

/** A launcher that runs, and what is to be said about it. */
export interface LauncherSetup {
  readonly launcher: Launcher;
  readonly host: CheckedHost;
  /** For `/version`: nothing that helps an attacker. */
  readonly facts: Readonly<Record<string, string>>;
  /** Rejects when places cannot be made; null where that cannot be by itself. */
  readonly check: ((deadlineMs: number) => Promise<void>) | null;
}

export interface SandboxSetup extends LauncherSetup {
  readonly sandbox: Sandbox;
  readonly languages: readonly InstalledLanguage[];
}

/** What every launcher is made of. */
export interface ToolchainSetup {
  readonly root: RuntimeRoot;
  readonly binaries: SandboxBinaries;
  readonly logger: Logger;
}

export interface SandboxSetupOptions {
  readonly kind: 'native' | 'docker';
  readonly languages: readonly Language[];
  readonly cacheDir: string;
  readonly maySetUp: boolean;
  readonly debianMirror: string | null;
  readonly sandboxImage: string | null;
  readonly sandboxRuntime: string | null;
  /** The installation's own. */
  readonly secret: Uint8Array;
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
    throw asStartupError(error);
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
  const toolchain = { root, binaries, logger };
  const setup = options.kind === 'docker' ? await setUpDocker(toolchain, options) : await setUpNative(toolchain);
  return {
    ...setup,
    sandbox: new SupervisedSandbox(setup.launcher),
    languages: installedLanguages(options.languages, root.manifest.toolchains),
  };
}

function asStartupError(error: unknown): unknown {
  if (error instanceof HostRefusal) {
    return new StartupError(
      `This host cannot enforce a limit that programs must run under: ${error.message}\nRunyard takes no jobs without it; README.md says what a host needs.`,
      { cause: error },
    );
  }
  if (error instanceof LauncherFailure) {
    return new StartupError(`The sandbox launcher does not start: ${error.message}.`, { cause: error });
  }
  if (error instanceof EngineError) {
    return new StartupError(
      `The docker sandbox cannot be set up: ${error.message}.\nMend that, or use RUNYARD_SANDBOX=native on Linux as root.`,
      { cause: error },
    );
  }
  if (error instanceof RuntimeRootError && error.code !== 'aborted') {
    return new StartupError(error.message, { cause: error });
  }
  return error;
}
