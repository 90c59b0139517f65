import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, rename, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { takeBuildLock } from './build-lock.ts';
import type { RuntimeRoot } from './runtime-root.ts';
import { type ProgressListener, ProgressReporter } from './progress.ts';
import { type CachedFolder, holdUntilExit, removeUnused } from './in-use.ts';
import { removeTree, writeToDisk } from './tree-files.ts';
import { runInRoot } from './root-shell.ts';
import { RuntimeRootError } from './runtime-root-error.ts';
import { readSourceFolder, type SourceFolder } from './source-list.ts';

export interface EnsureBinariesOptions {
  readonly root: RuntimeRoot;
  /** Absolute. Binaries stand in `<cacheDir>/bin/<hash>`. */
  readonly cacheDir: string;
  /** Folders with a `sources.txt`; default: the supervisor's and the launcher's. */
  readonly sourceDirs?: readonly string[];
  readonly progress?: ProgressListener;
  readonly signal?: AbortSignal;
}

export interface SandboxBinaries {
  readonly dir: string;
  readonly supervisorPath: string;
  readonly launcherPath: string;
  /** Starts the launcher again when it dies. */
  readonly keeperPath: string;
  /** Test helper that echoes frames; see `sandbox/supervisor/sources.txt`. */
  readonly frameEchoPath: string;
}

const SANDBOX = path.resolve(import.meta.dirname, '../..');
const SOURCE_DIRS = [path.join(SANDBOX, 'supervisor'), path.join(SANDBOX, 'launcher')];

/**
 * Compiles supervisor and launcher with the root's own gcc, without network and without changing the root, or returns what an
 * earlier call made from the same sources and root. Idempotent. Throws only RuntimeRootError.
 */
export async function ensureSandboxBinaries(options: EnsureBinariesOptions): Promise<SandboxBinaries> {
  using progress = new ProgressReporter(options.progress);
  try {
    const folders = await Promise.all((options.sourceDirs ?? SOURCE_DIRS).map(readSourceFolder));
    const folder = { cacheDir: options.cacheDir, kind: 'bin', name: hashOf(folders, options.root.id) } as const;
    const dir = path.join(options.cacheDir, 'bin', folder.name);
    if (!holdUntilExit(folder) || !(await isFolder(dir))) await compileUnderLock(folder, folders, options, progress);
    return {
      dir,
      supervisorPath: path.join(dir, 'supervisor'),
      launcherPath: path.join(dir, 'launcher'),
      keeperPath: path.join(dir, 'keeper'),
      frameEchoPath: path.join(dir, 'frame-echo'),
    };
  } catch (error) {
    if (error instanceof RuntimeRootError) throw error;
    const message = error instanceof Error ? error.message : String(error);
    throw new RuntimeRootError('build_failed', `the sandbox programs could not be made: ${message}`, { cause: error });
  }
}

function hashOf(folders: readonly SourceFolder[], rootId: string): string {
  const hash = createHash('sha256').update(rootId);
  for (const folder of folders) {
    hash.update(`\n${folder.name}\n${JSON.stringify(folder.list)}`);
    for (const [name, content] of folder.files) hash.update(`\n${name} ${String(content.length)}\n`).update(content);
  }
  return hash.digest('hex').slice(0, 16);
}

async function compileUnderLock(
  folder: CachedFolder,
  folders: readonly SourceFolder[],
  options: EnsureBinariesOptions,
  progress: ProgressReporter,
): Promise<void> {
  const dir = path.join(options.cacheDir, folder.kind, folder.name);
  const building = path.join(options.cacheDir, 'building');
  await mkdir(building, { recursive: true });
  await mkdir(path.dirname(dir), { recursive: true });
  const onWait = () => progress.report('waiting', 'another process is building; waiting for it');
  await using _lock = await takeBuildLock(path.join(options.cacheDir, 'building.lock'), onWait, options.signal);
  holdUntilExit(folder);
  if (await isFolder(dir)) return;
  const workDir = await mkdtemp(path.join(building, 'bin.'));
  try {
    progress.report('binaries', 'compiling the supervisor and the launcher');
    await mkdir(path.join(workDir, 'bin'));
    await Promise.all(folders.map((folder) => writeSources(folder, workDir)));
    await Promise.all(folders.map((folder) => compileFolder(folder, workDir, options)));
    await chmod(path.join(workDir, 'bin'), 0o755);
    await writeToDisk(workDir);
    await rename(path.join(workDir, 'bin'), dir);
    await removeUnused(folder, { trashDir: workDir, nowMs: Date.now() });
  } finally {
    await removeTree(workDir);
  }
}

async function writeSources(folder: SourceFolder, workDir: string): Promise<void> {
  await mkdir(path.join(workDir, folder.name));
  for (const [name, content] of folder.files) await writeFile(path.join(workDir, folder.name, name), content);
}

/** `workDir` is /tmp for the compiler: sources in `<folder>/`, results in `bin/`. */
async function compileFolder(folder: SourceFolder, workDir: string, options: EnsureBinariesOptions): Promise<void> {
  for (const [binary, sources] of Object.entries(folder.list.binaries)) {
    const inputs = sources.map((source) => `${folder.name}/${source}`);
    await runInRoot(['gcc', ...folder.list.flags, '-o', `bin/${binary}`, ...inputs], {
      task: `compiling ${binary}`,
      dir: options.root.dir,
      access: 'read-only',
      tmpDir: workDir,
      signal: options.signal,
    });
  }
}

async function isFolder(folder: string): Promise<boolean> {
  return stat(folder).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}
