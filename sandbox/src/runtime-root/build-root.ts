import { mkdir, rename } from 'node:fs/promises';
import path from 'node:path';
import { readAptHost } from './apt-host.ts';
import { type DebianSource, findSources, hostOf } from './debian-sources.ts';
import { ensureBuildTools } from './build-tools.ts';
import { toolEnvironment } from './child-environment.ts';
import { runCommand } from './command.ts';
import type { EnsureRootOptions } from './runtime-root.ts';
import { finishTree, sealTree, writeRecipeFiles } from './finish-tree.ts';
import { installDebian } from './install-debian.ts';
import { installNpm } from './install-npm.ts';
import type { RootManifest } from './manifest.ts';
import type { ProgressReporter } from './progress.ts';
import { type RootRecipe, SUITE } from './recipe.ts';
import { runInRoot } from './root-shell.ts';

const TOOLCHAIN_TEXT_CHARACTERS = 4096;

export interface BuildRequest {
  readonly id: string;
  /** Normalised. */
  readonly recipe: RootRecipe;
  /** Empty folder of this build; the finished tree is `<workDir>/tree`. */
  readonly workDir: string;
  readonly options: EnsureRootOptions;
  readonly progress: ProgressReporter;
}

/** Makes `<workDir>/tree` and returns its manifest. Debian and npm packages are fetched at the same time. */
export async function buildRoot(request: BuildRequest): Promise<RootManifest> {
  const { recipe, options } = request;
  const { report } = request.progress;
  const environment = toolEnvironment(options.environment);
  const tree = path.join(request.workDir, 'tree');
  const announce = (message: string) => report('tools', message);
  await ensureBuildTools({ mayInstall: options.mayInstall, environment, announce, signal: options.signal });
  const sources = await install(request, tree, environment);
  await finishTree(tree);
  await writeRecipeFiles(tree, recipe.files ?? {});
  for (const command of recipe.prepare) {
    report('prepare', `preparing: ${command.join(' ').slice(0, 80)}`);
    await runInRoot(command, { task: 'preparing', dir: tree, access: 'writable', signal: options.signal });
  }
  report('finish', 'removing caches and privileges');
  await sealTree(tree, environment);
  const toolchains = await readToolchains(tree, recipe, options.signal);
  const debianPackages = await readDebianPackages(tree, options.signal);
  const usage = await runCommand(['du', '-sk', tree], { task: 'measuring the tree', environment });
  return {
    id: request.id,
    suite: SUITE,
    suites: sources.map(({ suite }) => suite),
    architecture: process.arch,
    builtAt: new Date().toISOString(),
    buildMs: request.progress.elapsedMs,
    sizeBytes: Number.parseInt(usage.stdout, 10) * 1024,
    debianPackages,
    npmPackages: recipe.npmPackages,
    toolchains,
  };
}

async function install(
  request: BuildRequest,
  tree: string,
  environment: Record<string, string>,
): Promise<readonly DebianSource[]> {
  const { recipe, options, workDir } = request;
  const { report } = request.progress;
  const host = await readAptHost(environment, options.aptMirror, options.signal);
  const scratchDir = path.join(workDir, 'sources');
  await mkdir(scratchDir);
  const sources = await findSources({ host, scratchDir, environment, signal: options.signal });
  report('packages', `installing ${String(recipe.debianPackages.length)} Debian packages from ${wordsFor(sources)}`);
  // The first failure stops the other download; without this the caller would be told only when that one ends.
  const failed = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, failed.signal]) : failed.signal;
  const npmDir = path.join(workDir, 'npm');
  const onLine = (line: string) => report('packages', line);
  const parts = [
    installDebian({ ...host, packages: recipe.debianPackages, target: tree, sources, environment, onLine, signal }),
    installNpm({ packages: recipe.npmPackages, target: npmDir, environment, signal }),
  ];
  try {
    await Promise.all(parts);
  } catch (error) {
    failed.abort();
    await Promise.allSettled(parts);
    throw error;
  }
  if (Object.keys(recipe.npmPackages).length === 0) return sources;
  report('npm', 'adding npm packages');
  await mkdir(path.join(tree, 'opt/runyard'), { recursive: true });
  await rename(npmDir, path.join(tree, 'opt/runyard/npm'));
  return sources;
}

/** Says it when no mirror has the security updates: the toolchains are then those of the last point release. */
function wordsFor(sources: readonly DebianSource[]): string {
  const hosts = [...new Set(sources.map(({ mirror }) => hostOf(mirror)))].join(' and ');
  const isPatched = sources.some(({ suite }) => suite.endsWith('-security'));
  return isPatched ? `${hosts}, security updates included` : `${hosts}, which has no security updates of it`;
}

async function readToolchains(
  tree: string,
  recipe: RootRecipe,
  signal: AbortSignal | undefined,
): Promise<Record<string, string>> {
  const toolchains: Record<string, string> = {};
  for (const [key, command] of Object.entries(recipe.versionCommands)) {
    const task = `asking ${key} for its version`;
    const output = await runInRoot(command, { task, dir: tree, access: 'read-only', signal });
    toolchains[key] = (output.stdout + output.stderr).trim().slice(0, TOOLCHAIN_TEXT_CHARACTERS);
  }
  return toolchains;
}

async function readDebianPackages(tree: string, signal: AbortSignal | undefined): Promise<Record<string, string>> {
  const query = ['dpkg-query', '--show', '--showformat=${Package} ${Version}\\n'];
  const output = await runInRoot(query, { task: 'listing packages', dir: tree, access: 'read-only', signal });
  const pairs = output.stdout.split('\n').filter((line) => line !== '');
  return Object.fromEntries(pairs.map((line) => line.split(' ', 2) as [string, string]));
}
