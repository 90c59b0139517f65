import type { RuntimeRoot } from './ensure-runtime-root.ts';
import type { ProgressListener } from './progress.ts';
import { RuntimeRootError } from './runtime-root-error.ts';

export interface EnsureBinariesOptions {
  readonly root: RuntimeRoot;
  /** Absolute. Binaries stand in `<cacheDir>/bin/<hash>`. */
  readonly cacheDir: string;
  readonly progress?: ProgressListener;
  readonly signal?: AbortSignal;
}

export interface SandboxBinaries {
  readonly dir: string;
  readonly supervisorPath: string;
  readonly launcherPath: string;
  /** Test helper that echoes frames; see `sandbox/supervisor/sources.txt`. */
  readonly frameEchoPath: string;
}

/** Compiles supervisor and launcher with the root's own gcc, or returns what an earlier call made. Throws only RuntimeRootError. */
export function ensureSandboxBinaries(_options: EnsureBinariesOptions): Promise<SandboxBinaries> {
  return Promise.reject(new RuntimeRootError('unsupported_host', 'not written yet'));
}
