import { createHash } from 'node:crypto';
import { buildSandboxImage, DockerLauncher, Engine, ensureSandboxImage, runInImage } from '@runyard/sandbox/docker';
import { type RootRecipe, RuntimeRootError } from '@runyard/sandbox/runtime-root';
import { AppError } from '@runyard/shared/errors';
import { rootRecipeOf } from '@runyard/shared/languages';
import { bringRoot } from './bring-root.ts';
import type { LauncherSetup, SandboxSetupOptions } from './launcher-setup.ts';

/** A healthy engine on this machine answers within milliseconds. */
const FIND_MS = 2_000;

/** Every root has the compiler for it. */
const SUPERVISOR_ONLY: RootRecipe = { debianPackages: [], npmPackages: {}, prepare: [], versionCommands: {} };

/** Why no engine answers, or null. */
export async function findEngine(): Promise<string | null> {
  return new Engine(null).ping(FIND_MS).then(
    () => null,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
}

/** Containers of the engine that DOCKER_HOST or the usual socket leads to. Throws EngineError, RuntimeRootError. */
export async function setUpDocker(options: SandboxSetupOptions): Promise<LauncherSetup> {
  const engine = new Engine(null);
  const { image, toolchains, runtimeRoot } = await bringImage(engine, options);
  const ownerId = ownerIdOf(options.secret);
  const launcher = await DockerLauncher.start({
    engine,
    image,
    runtime: options.config.sandboxRuntime,
    ownerId,
    onDiagnostics: (text) => options.logger.warn({ part: 'launcher' }, text),
  });
  const facts = { ...launcher.describe(), ownerId, runtimeRoot };
  return {
    launcher,
    toolchains,
    host: { rootId: runtimeRoot, launcher: image, kernel: JSON.stringify(launcher.describe()) },
    facts,
    // Readiness shows the text to everybody: the engine's own words name sockets of this host.
    check: (deadlineMs) =>
      launcher.check(deadlineMs).catch((cause: unknown) => {
        throw new AppError('sandbox_unavailable', 'The container engine does not answer.', { cause });
      }),
  };
}

interface SandboxImage {
  readonly image: string;
  readonly toolchains: Readonly<Record<string, string>>;
  readonly runtimeRoot: string;
}

/**
 * The operator's own image; else the runtime root imported, where one can be made; else the same built by the engine.
 */
async function bringImage(engine: Engine, options: SandboxSetupOptions): Promise<SandboxImage> {
  const { config, languages, isRoot, terminal } = options;
  const { sandboxImage } = config;
  const progress = (line: string): void => terminal.running(`  ${line}`);
  try {
    if (sandboxImage !== null) return await bringOwnImage(engine, sandboxImage, { options, progress });
    const recipe = rootRecipeOf(languages);
    if (!isRoot) return await buildImage(engine, recipe, { options, progress });
    try {
      return await importRoot(engine, recipe, { options, progress });
    } catch (error) {
      const isOtherSystem = error instanceof RuntimeRootError && error.code === 'unsupported_host';
      if (!isOtherSystem) throw error;
      return await buildImage(engine, recipe, { options, progress });
    }
  } finally {
    terminal.done();
  }
}

interface Bringing {
  readonly options: SandboxSetupOptions;
  readonly progress: (line: string) => void;
}

async function importRoot(engine: Engine, recipe: RootRecipe, { options, progress }: Bringing): Promise<SandboxImage> {
  const { root, binaries } = await bringRoot(recipe, options);
  const { supervisorPath } = binaries;
  const image = await ensureSandboxImage(engine, { sandboxImage: null, root, supervisorPath, progress });
  return { image, toolchains: root.manifest.toolchains, runtimeRoot: root.id };
}

async function buildImage(engine: Engine, recipe: RootRecipe, { options, progress }: Bringing): Promise<SandboxImage> {
  const { environment, signal, config } = options;
  const { debianMirror } = config;
  const aptMirror = debianMirror === null ? {} : { aptMirror: debianMirror };
  const built = await buildSandboxImage(engine, { recipe, environment, signal, progress, ...aptMirror });
  return { ...built, runtimeRoot: built.image };
}

/** Its toolchains are its own: they are asked, not assumed. Only our supervisor is added, for which a small root is needed. */
async function bringOwnImage(engine: Engine, name: string, { options, progress }: Bringing): Promise<SandboxImage> {
  const { root, binaries } = await bringRoot(SUPERVISOR_ONLY, options);
  const { supervisorPath } = binaries;
  const image = await ensureSandboxImage(engine, { sandboxImage: name, root, supervisorPath, progress });
  const toolchains: Record<string, string> = {};
  for (const { id, versionCommand } of options.languages) {
    progress(`Asking ${name} for its ${id}`);
    toolchains[id] = await runInImage(engine, image, versionCommand);
  }
  return { image, toolchains, runtimeRoot: name };
}

/** The same after a restart on the same data folder, so that containers of a killed server are found and removed. */
function ownerIdOf(secret: Uint8Array): string {
  return createHash('sha256').update('docker owner').update(secret).digest('hex').slice(0, 16);
}
