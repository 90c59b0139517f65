export { canMakeRoots } from './can-make-roots.ts';
export { takeBuildLock, type BuildLock } from './build-lock.ts';
export { ensureRuntimeRoot } from './ensure-runtime-root.ts';
export type { EnsureRootOptions, RuntimeRoot } from './runtime-root.ts';
export { ensureSandboxBinaries, type EnsureBinariesOptions, type SandboxBinaries } from './sandbox-binaries.ts';
export type { RootManifest } from './manifest.ts';
export type { ProgressListener, SetupPhase, SetupProgress } from './progress.ts';
export type { RootRecipe } from './recipe.ts';
export { RuntimeRootError, type RuntimeRootErrorCode } from './runtime-root-error.ts';
