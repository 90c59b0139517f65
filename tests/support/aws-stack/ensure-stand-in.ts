import { chmod, mkdir, mkdtemp, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import path from 'node:path';
import { ensureRuntimeRoot, takeBuildLock } from '@runyard/sandbox/runtime-root';
import { buildLayer } from './build-layer.ts';
import type { StandInTree } from './enter-root.ts';
import { layerId, readLayerFiles, ROOT_RECIPE } from './recipe.ts';

const CACHE_DIR = process.env['RUNYARD_CACHE_DIR'] ?? '/var/cache/runyard';
const UNUSED_AFTER_MS = 30 * 24 * 3600 * 1000;

/** A stand-in that is ready to run. The id changes with everything that it is made of. */
export interface StandIn extends StandInTree {
  readonly id: string;
}

/**
 * Builds what is missing (a minute or less) or finds it in the cache. Can be cut off at any point and called by many at once: the
 * layer is made in a folder of its own and renamed. Needs root, apt and the network for the first time only.
 */
export async function ensureStandIn(say: (line: string) => void): Promise<StandIn> {
  const files = readLayerFiles();
  const root = await ensureRuntimeRoot(ROOT_RECIPE, {
    cacheDir: CACHE_DIR,
    mayInstall: process.env['RUNYARD_SETUP'] !== 'off',
    environment: process.env,
    progress: ({ phase, message }) => say(`${phase}: ${message}`),
  });
  const id = layerId(files, root.id);
  const layersDir = path.join(CACHE_DIR, 'aws-stack');
  const standIn = { id, rootDir: root.dir, layerDir: path.join(layersDir, id) };
  await mkdir(layersDir, { recursive: true, mode: 0o755 });
  if (await markUsed(standIn.layerDir)) return standIn;

  const onWait = () => say('another process is building the stand-in; waiting for it');
  await using _lock = await takeBuildLock(path.join(CACHE_DIR, 'aws-stack.lock'), onWait);
  if (await markUsed(standIn.layerDir)) return standIn;
  await removeLeftovers(layersDir);
  const workDir = await mkdtemp(path.join(layersDir, 'building.'));
  try {
    await buildLayer({ rootDir: root.dir, layerDir: workDir }, files, say);
    // Servers run as nobody.
    await chmod(workDir, 0o755);
    await rename(workDir, standIn.layerDir);
  } finally {
    await rm(workDir, { recursive: true, force: true });
  }
  await markUsed(standIn.layerDir);
  say('the stand-in is ready');
  return standIn;
}

/** False when it is not there. */
async function markUsed(layerDir: string): Promise<boolean> {
  const now = new Date();
  return utimes(layerDir, now, now).then(
    () => true,
    () => false,
  );
}

/** Only under the lock: halves of builds that were cut off, and layers that no run has used for a month. */
async function removeLeftovers(layersDir: string): Promise<void> {
  for (const name of await readdir(layersDir)) {
    const folder = path.join(layersDir, name);
    const { mtimeMs } = await stat(folder);
    if (!name.startsWith('building.') && Date.now() - mtimeMs < UNUSED_AFTER_MS) continue;
    await rm(folder, { recursive: true, force: true });
  }
}
