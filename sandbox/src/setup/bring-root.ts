import {
  ensureRuntimeRoot,
  ensureSandboxBinaries,
  type EnsureRootOptions,
  type ProgressListener,
  type RootRecipe,
  type RuntimeRoot,
  type SandboxBinaries,
} from '../runtime-root/index.ts';

export interface RuntimeRequest {
  readonly recipe: RootRecipe;
  readonly cacheDir: string;
  /** Whether missing packages of the host may be installed, or only named. */
  readonly mayInstall: boolean;
  readonly environment: EnsureRootOptions['environment'];
  /** Null: the host's own. */
  readonly debianMirror: string | null;
  readonly progress: ProgressListener;
  readonly signal: AbortSignal;
}

/** A runtime root and our programs compiled by it. Throws RuntimeRootError. */
export async function bringRoot(request: RuntimeRequest): Promise<{ root: RuntimeRoot; binaries: SandboxBinaries }> {
  const { recipe, debianMirror, ...options } = request;
  const { cacheDir, progress, signal } = options;
  const root = await ensureRuntimeRoot(recipe, { ...options, ...mirrorOf(debianMirror) });
  const binaries = await ensureSandboxBinaries({ root, cacheDir, progress, signal });
  return { root, binaries };
}

export function mirrorOf(debianMirror: string | null): { readonly aptMirror?: string } {
  return debianMirror === null ? {} : { aptMirror: debianMirror };
}
