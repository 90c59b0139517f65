import type { Launcher } from '@runyard/sandbox';
import type { EnsureRootOptions } from '@runyard/sandbox/runtime-root';
import type { Language } from '@runyard/shared/domain';
import type { Logger } from '@runyard/shared/logging';
import type { SandboxConfig } from './config.ts';
import type { CheckedHost } from './sample-record.ts';
import type { Terminal } from '@runyard/shared/process';

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
}
