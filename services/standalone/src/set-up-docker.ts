import { createHash } from 'node:crypto';
import { DockerLauncher, Engine, ensureSandboxImage } from '@runyard/sandbox/docker';
import type { SandboxSetupOptions, LauncherSetup, ToolchainSetup } from './set-up-sandbox.ts';

/** A healthy engine on this machine answers within milliseconds. */
const FIND_MS = 2_000;

/** Why no engine answers, or null. */
export async function findEngine(): Promise<string | null> {
  return new Engine(null).ping(FIND_MS).then(
    () => null,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
}

/** Containers of the engine that DOCKER_HOST or the usual socket leads to. Throws EngineError. */
export async function setUpDocker(
  { root, binaries, logger }: ToolchainSetup,
  { sandboxImage, sandboxRuntime, secret, terminal }: SandboxSetupOptions,
): Promise<LauncherSetup> {
  const engine = new Engine(null);
  const image = await ensureSandboxImage(engine, {
    sandboxImage,
    root,
    supervisorPath: binaries.supervisorPath,
    progress: (line) => terminal.running(`  ${line}`),
  });
  terminal.done();
  const ownerId = ownerIdOf(secret);
  const launcher = await DockerLauncher.start({
    engine,
    image,
    runtime: sandboxRuntime,
    ownerId,
    onDiagnostics: (text) => logger.warn({ part: 'launcher' }, text),
  });
  const facts = { ...launcher.describe(), ownerId, runtimeRoot: root.id };
  return {
    launcher,
    host: { rootId: root.id, launcher: image, kernel: JSON.stringify(launcher.describe()) },
    facts,
    check: (deadlineMs) => launcher.check(deadlineMs),
  };
}

/** The same after a restart on the same data folder, so that containers of a killed server are found and removed. */
function ownerIdOf(secret: Uint8Array): string {
  return createHash('sha256').update('docker owner').update(secret).digest('hex').slice(0, 16);
}
