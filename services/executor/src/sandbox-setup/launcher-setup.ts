import type { Launcher } from '@runyard/sandbox';
import type { EnsureRootOptions } from '@runyard/sandbox/runtime-root';
import type { RuntimeRequest } from '@runyard/sandbox/setup';
import type { Language } from '@runyard/shared/domain';
import { rootRecipeOf } from '@runyard/shared/languages';
import type { Logger } from '@runyard/shared/logging';
import type { Terminal } from '@runyard/shared/process';
import type { SandboxConfig } from './config.ts';
import type { CheckedHost } from './sample-record.ts';

/** A launcher that runs, and what is to be said about it. */
export interface LauncherSetup {
  readonly launcher: Launcher;
  /** What the version commands said inside, by language id. */
  readonly toolchains: Readonly<Record<string, string>>;
  readonly host: CheckedHost;
  /** For `/version`: nothing that helps an attacker. */
  readonly facts: Readonly<Record<string, string>>;
  /** Rejects when places cannot be made; null where that cannot be by itself. */
  readonly check: ((deadlineMs: number) => Promise<void>) | null;
  /** Resolves with a sentence when a launcher of our own is gone for good. */
  readonly exited?: Promise<string>;
}

/** The launcher is a process of its own with the rights of this one, which gives its own up afterwards. */
export interface Separation {
  /** Whom this process will be, and who may connect to the launcher. */
  readonly user: { readonly uid: number; readonly gid: number };
  /** Program of the docker launcher (`services/launcher`). */
  readonly launcherMain: string;
}

export interface SandboxSetupOptions {
  readonly config: SandboxConfig;
  readonly kind: 'native' | 'docker';
  readonly isRoot: boolean;
  readonly languages: readonly Language[];
  /** The installation's own. */
  readonly secret: Uint8Array;
  readonly environment: EnsureRootOptions['environment'];
  readonly terminal: Terminal;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** Null or absent: this process keeps its rights. */
  readonly separation?: Separation | null;
}

export function runtimeRequestOf(options: SandboxSetupOptions): RuntimeRequest {
  const { config, terminal, signal, environment, languages } = options;
  const { cacheDir, debianMirror, maySetUp: mayInstall } = config;
  const recipe = rootRecipeOf(languages);
  return { recipe, cacheDir, mayInstall, environment, debianMirror, progress: terminal.progress, signal };
}
