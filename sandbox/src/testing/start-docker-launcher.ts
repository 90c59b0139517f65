import { randomBytes } from 'node:crypto';
import { DockerLauncher, type DockerLauncherOptions, Engine, ensureSandboxImage } from '../docker/index.ts';
import type { RuntimeRoot, SandboxBinaries } from '../runtime-root/index.ts';

/** RUNYARD_TEST_RUNTIME: the docker suite under another runtime, `runsc` by name. */
export const TEST_RUNTIME = process.env['RUNYARD_TEST_RUNTIME'] ?? null;

export interface DockerLauncherParts {
  readonly root: RuntimeRoot;
  readonly binaries: SandboxBinaries;
  readonly diagnostics: string[];
}

/** A launcher on the engine at `socketPath`, under an owner id of its own; the test root is its image. */
export async function startDockerLauncher(
  socketPath: string,
  parts: DockerLauncherParts,
  options: Partial<DockerLauncherOptions> = {},
): Promise<{ launcher: DockerLauncher; ownerId: string; image: string }> {
  const engine = new Engine(socketPath);
  const image = options.image ?? (await ensureTestImage(engine, parts));
  const ownerId = options.ownerId ?? randomBytes(4).toString('hex');
  const launcher = await DockerLauncher.start({
    engine,
    image,
    runtime: TEST_RUNTIME,
    ownerId,
    onDiagnostics: (text) => void parts.diagnostics.push(text),
    ...options,
  });
  return { launcher, ownerId, image };
}

async function ensureTestImage(engine: Engine, parts: DockerLauncherParts): Promise<string> {
  return await ensureSandboxImage(engine, {
    sandboxImage: null,
    root: parts.root,
    supervisorPath: parts.binaries.supervisorPath,
    progress: () => undefined,
  });
}
