import { buildOnImage, buildSandboxImage, type Engine, ensureSandboxImage, runInImage } from '../docker/index.ts';
import { type RootRecipe, RuntimeRootError } from '../runtime-root/index.ts';
import { bringRoot, mirrorOf, type RuntimeRequest } from './bring-root.ts';

export interface SandboxImageRequest extends RuntimeRequest {
  readonly engine: Engine;
  /** The operator's own image, or null: the runtime root. */
  readonly sandboxImage: string | null;
  /** Whether this process can make a runtime root (see `canMakeRoots`); if not, the engine builds the image. */
  readonly canMakeRoots: boolean;
  /** One line for a person. */
  readonly onLine: (line: string) => void;
}

export interface SandboxImage {
  readonly image: string;
  /** What the version commands said inside, by language id. */
  readonly toolchains: Readonly<Record<string, string>>;
  readonly runtimeRoot: string;
  /** Null where nothing could be compiled. */
  readonly keeperPath: string | null;
}

/** Every root has the compiler for it. */
const SUPERVISOR_ONLY: RootRecipe = { debianPackages: [], npmPackages: {}, prepare: [], versionCommands: {} };

/**
 * The operator's own image; else the runtime root imported, where one can be made; else the same built by the engine.
 * Throws EngineError, RuntimeRootError.
 */
export async function bringImage(request: SandboxImageRequest): Promise<SandboxImage> {
  const { sandboxImage, canMakeRoots } = request;
  if (sandboxImage !== null) return await bringOwnImage(sandboxImage, request);
  if (!canMakeRoots) return await buildImage(request);
  try {
    return await importRoot(request);
  } catch (error) {
    const isOtherSystem = error instanceof RuntimeRootError && error.code === 'unsupported_host';
    if (!isOtherSystem) throw error;
    return await buildImage(request);
  }
}

async function importRoot(request: SandboxImageRequest): Promise<SandboxImage> {
  const { engine, onLine: progress } = request;
  const { root, binaries } = await bringRoot(request);
  const { supervisorPath, keeperPath } = binaries;
  const image = await ensureSandboxImage(engine, { sandboxImage: null, root, supervisorPath, progress });
  return { image, toolchains: root.manifest.toolchains, runtimeRoot: root.id, keeperPath };
}

async function buildImage(request: SandboxImageRequest): Promise<SandboxImage> {
  const { engine, recipe, environment, signal, debianMirror, onLine: progress } = request;
  const options = { recipe, environment, signal, progress, ...mirrorOf(debianMirror) };
  const built = await buildSandboxImage(engine, options);
  return { ...built, runtimeRoot: built.image, keeperPath: null };
}

/** Its toolchains are its own: they are asked, not assumed. Only our supervisor is added, for which a small root is needed. */
async function bringOwnImage(name: string, request: SandboxImageRequest): Promise<SandboxImage> {
  const { engine, recipe, onLine: progress } = request;
  const { image, keeperPath } = request.canMakeRoots ? await addCompiled(name, request) : await addBuilt(name, request);
  const toolchains: Record<string, string> = {};
  for (const [id, versionCommand] of Object.entries(recipe.versionCommands)) {
    progress(`Asking ${name} for its ${id}`);
    toolchains[id] = await runInImage(engine, image, versionCommand);
  }
  return { image, toolchains, runtimeRoot: name, keeperPath };
}

async function addCompiled(
  name: string,
  request: SandboxImageRequest,
): Promise<Pick<SandboxImage, 'image' | 'keeperPath'>> {
  const { engine, onLine: progress } = request;
  const { root, binaries } = await bringRoot({ ...request, recipe: SUPERVISOR_ONLY });
  const { supervisorPath, keeperPath } = binaries;
  const image = await ensureSandboxImage(engine, { sandboxImage: name, root, supervisorPath, progress });
  return { image, keeperPath };
}

async function addBuilt(
  name: string,
  request: SandboxImageRequest,
): Promise<Pick<SandboxImage, 'image' | 'keeperPath'>> {
  const { engine, environment, signal, onLine: progress } = request;
  return { image: await buildOnImage(engine, name, { environment, signal, progress }), keeperPath: null };
}
