import { SupervisedSandbox, type Sandbox } from '@runyard/sandbox';
import { EngineError } from '@runyard/sandbox/docker';
import { HostRefusal, LauncherFailure } from '@runyard/sandbox/native';
import { RuntimeRootError } from '@runyard/sandbox/runtime-root';
import type { InstalledLanguage } from '@runyard/shared/domain';
import { StartupError } from '@runyard/shared/errors';
import { installedLanguages } from '@runyard/shared/languages';
import type { LauncherSetup, SandboxSetupOptions } from './launcher-setup.ts';
import { setUpDocker } from './set-up-docker.ts';
import { setUpNative } from './set-up-native.ts';

export interface SandboxSetup extends LauncherSetup {
  readonly sandbox: Sandbox;
  readonly languages: readonly InstalledLanguage[];
}

/**
 * Brings everything that programs run in: the toolchains, supervisor and launcher compiled by them, and the launcher running.
 * Takes minutes the first time and under a second afterwards. Throws StartupError, or RuntimeRootError `aborted` when
 * `signal` aborts.
 */
export async function setUpSandbox(options: SandboxSetupOptions): Promise<SandboxSetup> {
  try {
    const setup = options.kind === 'docker' ? await setUpDocker(options) : await setUpNative(options);
    const languages = installedLanguages(options.languages, setup.toolchains);
    return { ...setup, sandbox: new SupervisedSandbox(setup.launcher), languages };
  } catch (error) {
    throw asStartupError(error);
  }
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
