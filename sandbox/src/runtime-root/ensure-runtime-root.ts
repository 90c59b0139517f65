import { mkdir, mkdtemp, readdir, rename, stat } from 'node:fs/promises';
import path from 'node:path';
import { takeBuildLock } from './build-lock.ts';
import { buildRoot } from './build-root.ts';
import { holdUntilExit, removeUnused } from './in-use.ts';
import { readManifest, writeManifest } from './manifest.ts';
import { ProgressReporter } from './progress.ts';
import { checkRecipe, normaliseRecipe, recipeId, type RootRecipe } from './recipe.ts';
import type { EnsureRootOptions, RuntimeRoot } from './runtime-root.ts';
import { RuntimeRootError } from './runtime-root-error.ts';
import { removeTree, writeToDisk } from './tree-files.ts';

/*
 * Theory of operation. Under the cache folder:
 *
 *   roots/<id>/        a finished tree, never written again; several generations may stand side by side
 *   roots/<id>.json    its manifest, written last: a tree without a manifest is a leftover and is built anew
 *   building/          trees in the making, one folder per build
 *   building.lock      held while building; dies with its holder
 *   in-use/            who uses which tree, see in-use.ts
 *
 * A start that finds tree and manifest takes no lock and asks no network. Otherwise it takes the lock (a second builder
 * waits here and then finds the first one's tree), removes what dead builders left, builds in a folder of its own, has the
 * disk keep it, and renames. All children die with this process (see command.ts), so under the lock nobody writes there.
 * After a build, trees that nobody used for a week are removed.
 */

/** Returns the tree for the recipe, building it when it is not there. Idempotent. Throws only RuntimeRootError. */
export async function ensureRuntimeRoot(recipe: RootRecipe, options: EnsureRootOptions): Promise<RuntimeRoot> {
  checkRecipe(recipe);
  const id = recipeId(recipe, process.arch);
  using progress = new ProgressReporter(options.progress);
  try {
    const isHeld = holdUntilExit({ cacheDir: options.cacheDir, kind: 'roots', name: id });
    return (
      (isHeld ? await findRoot(options.cacheDir, id) : null) ?? (await buildUnderLock(id, recipe, options, progress))
    );
  } catch (error) {
    if (error instanceof RuntimeRootError) throw error;
    const message = error instanceof Error ? error.message : String(error);
    throw new RuntimeRootError('build_failed', `the runtime root could not be made: ${message}`, { cause: error });
  }
}

async function findRoot(cacheDir: string, id: string): Promise<RuntimeRoot | null> {
  const dir = path.join(cacheDir, 'roots', id);
  const isThere = await stat(dir).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
  const manifest = isThere ? await readManifest(`${dir}.json`, id) : null;
  return manifest === null ? null : { id, dir, manifest };
}

async function buildUnderLock(
  id: string,
  recipe: RootRecipe,
  options: EnsureRootOptions,
  progress: ProgressReporter,
): Promise<RuntimeRoot> {
  const building = path.join(options.cacheDir, 'building');
  const dir = path.join(options.cacheDir, 'roots', id);
  await mkdir(building, { recursive: true });
  await mkdir(path.dirname(dir), { recursive: true });
  const onWait = () => progress.report('waiting', 'another process is building a runtime root; waiting for it');
  await using _lock = await takeBuildLock(path.join(options.cacheDir, 'building.lock'), onWait, options.signal);
  const folder = { cacheDir: options.cacheDir, kind: 'roots', name: id } as const;
  holdUntilExit(folder);
  const found = await findRoot(options.cacheDir, id);
  if (found) return found;
  for (const leftover of await readdir(building)) await removeTree(path.join(building, leftover));
  await removeTree(dir);
  const workDir = await mkdtemp(path.join(building, `${id}.`));
  try {
    const manifest = await buildRoot({ id, recipe: normaliseRecipe(recipe), workDir, options, progress });
    const tree = path.join(workDir, 'tree');
    await writeToDisk(tree);
    await rename(tree, dir);
    await writeManifest(`${dir}.json`, manifest);
    await removeUnused(folder, { trashDir: workDir, nowMs: Date.now() });
    progress.report('done', `the runtime root is ready (${String(Math.round(manifest.sizeBytes / 1024 / 1024))} MiB)`);
    return { id, dir, manifest };
  } finally {
    await removeTree(workDir);
  }
}
