import {
  ensureRuntimeRoot,
  ensureSandboxBinaries,
  type RootRecipe,
  type RuntimeRoot,
  type SandboxBinaries,
} from '@runyard/sandbox/runtime-root';
import type { SandboxSetupOptions } from './launcher-setup.ts';

/** A runtime root and our programs compiled by it, with progress on the terminal. Throws RuntimeRootError. */
export async function bringRoot(
  recipe: RootRecipe,
  options: SandboxSetupOptions,
): Promise<{ root: RuntimeRoot; binaries: SandboxBinaries }> {
  const { config, terminal, signal, environment } = options;
  const { cacheDir, debianMirror, maySetUp: mayInstall } = config;
  const { progress } = terminal;
  const aptMirror = debianMirror === null ? {} : { aptMirror: debianMirror };
  const root = await ensureRuntimeRoot(recipe, { cacheDir, progress, mayInstall, environment, signal, ...aptMirror });
  const binaries = await ensureSandboxBinaries({ root, cacheDir, progress, signal });
  terminal.done();
  return { root, binaries };
}
