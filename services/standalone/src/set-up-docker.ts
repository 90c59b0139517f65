import { createHash } from 'node:crypto';
import { DockerLauncher, Engine, ensureSandboxImage } from '@runyard/sandbox/docker';
import { rootRecipeOf } from '@runyard/shared/languages';
import { bringRoot } from './bring-root.ts';
import type { LauncherSetup, SandboxSetupOptions } from './sandbox-setup.ts';

/** A healthy engine on this machine answers within milliseconds. */
const FIND_MS = 2_000;

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
    runtime: options.sandboxRuntime,
    ownerId,
    onDiagnostics: (text) => options.logger.warn({ part: 'launcher' }, text),
  });
  const facts = { ...launcher.describe(), ownerId, runtimeRoot };
  return {
    launcher,
    toolchains,
    host: { rootId: runtimeRoot, launcher: image, kernel: JSON.stringify(launcher.describe()) },
    facts,
    check: (deadlineMs) => launcher.check(deadlineMs),
  };
}

interface SandboxImage {
  readonly image: string;
  readonly toolchains: Readonly<Record<string, string>>;
  readonly runtimeRoot: string;
}

async function bringImage(engine: Engine, options: SandboxSetupOptions): Promise<SandboxImage> {
  const { sandboxImage, terminal } = options;
  const { root, binaries } = await bringRoot(rootRecipeOf(options.languages), options);
  const image = await ensureSandboxImage(engine, {
    sandboxImage,
    root,
    supervisorPath: binaries.supervisorPath,
    progress: (line) => terminal.running(`  ${line}`),
  });
  terminal.done();
  return { image, toolchains: root.manifest.toolchains, runtimeRoot: root.id };
}

/** The same after a restart on the same data folder, so that containers of a killed server are found and removed. */
function ownerIdOf(secret: Uint8Array): string {
  return createHash('sha256').update('docker owner').update(secret).digest('hex').slice(0, 16);
}
