import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { toolEnvironment } from '../runtime-root/child-environment.ts';
import { writeRecipeFiles } from '../runtime-root/finish-tree.ts';
import { installNpm } from '../runtime-root/install-npm.ts';
import { checkRecipe, normaliseRecipe, recipeId, type RootRecipe } from '../runtime-root/recipe.ts';
import { readSourceFolder, type SourceFolder } from '../runtime-root/source-list.ts';
import { withDeadline } from './deadline.ts';
import { ownImageDockerfile, packagesDockerfile, runtimeDockerfile, supervisorDockerfile } from './dockerfile.ts';
import type { Engine } from './engine.ts';
import { followProgress } from './image-progress.ts';
import { imageId, inspectImage, startTar } from './image.ts';
import { runInImage } from './run-in-image.ts';

const DEFAULT_BASE = 'debian:trixie-slim';
/** Fourteen toolchains over a slow line. */
const BUILD_MS = 45 * 60_000;
const TOOLCHAINS_LABEL = 'runyard.toolchains';
const TOOLCHAIN_TEXT_CHARACTERS = 4096;
const SUPERVISOR_DIR = path.resolve(import.meta.dirname, '../../supervisor');
/** What a build reads to reach a mirror through a proxy. Docker does not keep these in the image. */
const PROXY_VARIABLE = /^(https?|ftp|all|no)_proxy$/i;

export interface BuildImageRequest {
  readonly recipe: RootRecipe;
  /** Debian trixie with apt. Default: debian:trixie-slim, pulled when it is missing. */
  readonly baseImage?: string;
  /** In place of the sources of the base. */
  readonly aptMirror?: string;
  /** For the build that installs packages. `host` where the engine has no bridge. */
  readonly networkMode?: 'default' | 'host';
  /** Proxy, certificate and registry settings are taken from it; nothing else is passed on. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** One line for a person. */
  readonly progress: (line: string) => void;
  readonly signal?: AbortSignal;
}

export interface BuiltImage {
  readonly image: string;
  /** What each version command of the recipe printed. */
  readonly toolchains: Readonly<Record<string, string>>;
}

/**
 * The image of a recipe, built by the engine from a generated Dockerfile: for hosts without root or apt, where no runtime root can be made and
 * imported. Three builds: packages (with network), the finished runtime `runyard/runtime:<id>`, and on top the supervisor. Idempotent: what is
 * there is not built again. Throws EngineError, or RuntimeRootError for the recipe and for npm.
 */
export async function buildSandboxImage(engine: Engine, request: BuildImageRequest): Promise<BuiltImage> {
  checkRecipe(request.recipe);
  const recipe = normaliseRecipe(request.recipe);
  const supervisor = await readSourceFolder(SUPERVISOR_DIR);
  const runtime = `runyard/runtime:${idOf(recipe, request.baseImage)}`;
  const known = await inspectImage(engine, runtime);
  const runtimeId = known?.id ?? (await buildRuntime(engine, recipe, runtime, request));
  const image = `runyard/sandbox:${hashOf(runtimeId, supervisor)}`;
  const finished = await inspectImage(engine, image);
  const text = finished?.labels[TOOLCHAINS_LABEL];
  if (text !== undefined) return { image, toolchains: decode(text) };
  const toolchains = await readToolchains(engine, runtime, recipe, request.progress);
  request.progress(`Adding the supervisor to ${runtime}`);
  const dockerfile = supervisorDockerfile(runtime, supervisor, { [TOOLCHAINS_LABEL]: encode(toolchains) });
  const addSources = (dir: string) => writeSources(supervisor, dir);
  await build(engine, { name: image, dockerfile, networkMode: 'none', fill: addSources, request });
  return { image, toolchains };
}

/**
 * An operator's own image with our supervisor on top, compiled by its own compiler where it has one, else by that of
 * Debian. Idempotent. Throws EngineError.
 */
export async function buildOnImage(
  engine: Engine,
  base: string,
  request: Pick<BuildImageRequest, 'environment' | 'signal' | 'progress' | 'aptMirror'>,
): Promise<string> {
  const supervisor = await readSourceFolder(SUPERVISOR_DIR);
  const baseId = await imageId(engine, base);
  const image = `runyard/sandbox:${hashOf(`own ${baseId}`, supervisor)}`;
  if ((await inspectImage(engine, image)) !== null) return image;
  request.progress(`Adding the supervisor to ${base}`);
  const hasCompiler = (await runInImage(engine, base, ['sh', '-c', 'command -v gcc || true'])).trim() !== '';
  const dockerfile = ownImageDockerfile({ base, compiler: hasCompiler ? base : DEFAULT_BASE, hasCompiler }, supervisor);
  const networkMode = hasCompiler ? 'none' : 'default';
  const fill = (dir: string) => writeSources(supervisor, dir);
  const recipe = { debianPackages: [], npmPackages: {}, prepare: [], versionCommands: {} };
  await build(engine, { name: image, dockerfile, networkMode, fill, request: { ...request, recipe } });
  return image;
}

async function buildRuntime(
  engine: Engine,
  recipe: RootRecipe,
  runtime: string,
  request: BuildImageRequest,
): Promise<string> {
  const packages = runtime.replace('/runtime:', '/packages:');
  const base = request.baseImage ?? DEFAULT_BASE;
  request.progress(`Building ${runtime} from ${base}`);
  const { debianPackages } = recipe;
  const first = packagesDockerfile({ base, packages: debianPackages, aptMirror: request.aptMirror });
  await build(engine, { name: packages, dockerfile: first, networkMode: request.networkMode, request });
  const hasNpm = Object.keys(recipe.npmPackages).length > 0;
  const fill = (dir: string) => addFiles(recipe, dir, request);
  const dockerfile = runtimeDockerfile(packages, recipe, hasNpm);
  await build(engine, { name: runtime, dockerfile, networkMode: 'none', fill, request });
  return (await inspectImage(engine, runtime))?.id ?? '';
}

async function addFiles(recipe: RootRecipe, dir: string, request: BuildImageRequest): Promise<void> {
  await writeRecipeFiles(path.join(dir, 'files'), { '.keep': '', ...recipe.files });
  await rm(path.join(dir, 'files/.keep'));
  const environment = toolEnvironment(request.environment);
  const target = path.join(dir, 'npm');
  await installNpm({ packages: recipe.npmPackages, target, environment, signal: request.signal });
}

async function writeSources(folder: SourceFolder, dir: string): Promise<void> {
  await mkdir(path.join(dir, 'supervisor'));
  for (const [name, content] of folder.files) await writeFile(path.join(dir, 'supervisor', name), content);
}

async function readToolchains(
  engine: Engine,
  image: string,
  recipe: RootRecipe,
  progress: (line: string) => void,
): Promise<Record<string, string>> {
  const toolchains: Record<string, string> = {};
  for (const [key, command] of Object.entries(recipe.versionCommands)) {
    progress(`Asking ${key} for its version`);
    toolchains[key] = (await runInImage(engine, image, command)).trim().slice(0, TOOLCHAIN_TEXT_CHARACTERS);
  }
  return toolchains;
}

interface Build {
  readonly name: string;
  readonly dockerfile: string;
  readonly networkMode: 'default' | 'host' | 'none' | undefined;
  /** Puts what the Dockerfile copies into the context. */
  readonly fill?: (dir: string) => Promise<void>;
  readonly request: BuildImageRequest;
}

async function build(engine: Engine, { name, dockerfile, networkMode, fill, request }: Build): Promise<void> {
  const what = `build ${name}`;
  const { signal, progress } = request;
  signal?.throwIfAborted();
  const context = await mkdtemp(path.join(tmpdir(), 'runyard-image-'));
  try {
    await writeFile(path.join(context, 'Dockerfile'), dockerfile);
    await fill?.(context);
    const owners = ['--owner=0', '--group=0', '--numeric-owner', '--mode=u=rwX,go=rX'];
    await using tar = startTar(['--directory', context, ...owners, '.']);
    const options = { t: name, rm: true, forcerm: true, buildargs: proxies(request.environment) };
    const start = (late: AbortSignal): Promise<unknown> => {
      const abortSignal = signal === undefined ? late : AbortSignal.any([signal, late]);
      const network = networkMode === undefined ? {} : { networkmode: networkMode };
      return engine.docker.buildImage(tar.stdout, { ...options, ...network, abortSignal });
    };
    const answer = (await withDeadline(what, BUILD_MS, start)) as Readable;
    // Closing the connection is how a build is stopped.
    signal?.addEventListener('abort', () => answer.destroy(), { once: true });
    await followProgress(what, answer, BUILD_MS, progress);
    await tar.done(what);
  } finally {
    await rm(context, { recursive: true, force: true });
  }
}

function proxies(environment: BuildImageRequest['environment']): Record<string, string> {
  const found = Object.entries(environment).filter(([name, value]) => value !== undefined && PROXY_VARIABLE.test(name));
  return Object.fromEntries(found) as Record<string, string>;
}

/** An image from another base is another image. */
function idOf(recipe: RootRecipe, baseImage: string | undefined): string {
  const id = recipeId(recipe, process.arch);
  if (baseImage === undefined || baseImage === DEFAULT_BASE) return id;
  return `${id}-${createHash('sha256').update(baseImage).digest('hex').slice(0, 8)}`;
}

function hashOf(runtimeId: string, { list, files }: SourceFolder): string {
  const hash = createHash('sha256').update(`built ${runtimeId} ${JSON.stringify(list)}`);
  for (const [name, content] of files) hash.update(`\n${name} ${content.length}\n`).update(content);
  return hash.digest('hex').slice(0, 16);
}

/** Words of a Dockerfile must not be able to end the label. */
function encode(toolchains: Readonly<Record<string, string>>): string {
  return Buffer.from(JSON.stringify(toolchains)).toString('base64url');
}

function decode(text: string): Record<string, string> {
  return JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as Record<string, string>;
}
