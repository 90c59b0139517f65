import { createHash } from 'node:crypto';
import { DockerLauncher, Engine } from '@runyard/sandbox/docker';
import { bringImage, canMakeRoots, type SandboxImage } from '@runyard/sandbox/setup';
import { AppError } from '@runyard/shared/errors';
import { type LauncherSetup, runtimeRequestOf, type SandboxSetupOptions } from './launcher-setup.ts';
import { startSeparateDocker } from './separate-docker.ts';

/** A healthy engine on this machine answers within milliseconds. */
const FIND_MS = 2_000;

/** Why no engine answers, or null. */
export async function findEngine(): Promise<string | null> {
  return new Engine(null).ping(FIND_MS).then(
    () => null,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
}

/**
 * Containers of the engine that DOCKER_HOST or the usual socket leads to: made by a process of their own when this one gives
 * its rights up, else by this one. Throws EngineError, RuntimeRootError, HostRefusal, LauncherFailure.
 */
export async function setUpDocker(options: SandboxSetupOptions): Promise<LauncherSetup> {
  const engine = new Engine(null);
  const image = await bringSandboxImage(engine, options);
  const ownerId = ownerIdOf(options.secret);
  const { separation = null } = options;
  const running =
    separation === null
      ? await startWithin(engine, image.image, ownerId, options)
      : await startSeparateDocker({ image, ownerId, separation, options });
  const described = running.launcher.describe();
  const { launcher = 'docker', engine: name = '', runtime = '', cgroup = '' } = described;
  const { runtimeRoot, toolchains } = image;
  const facts = { launcher, engine: name, runtime, cgroup, image: image.image };
  return {
    ...running,
    toolchains,
    host: { rootId: runtimeRoot, launcher: image.image, kernel: JSON.stringify(facts) },
    facts: { ...facts, ownerId, runtimeRoot },
  };
}

async function startWithin(
  engine: Engine,
  image: string,
  ownerId: string,
  { config, logger }: SandboxSetupOptions,
): Promise<Pick<LauncherSetup, 'launcher' | 'check' | 'exited'>> {
  const onDiagnostics = (text: string): void => logger.warn({ part: 'launcher' }, text);
  const launcher = await DockerLauncher.start({
    engine,
    image,
    runtime: config.sandboxRuntime,
    hasCpuset: config.hasCpuset,
    ownerId,
    onDiagnostics,
  });
  return {
    launcher,
    // Readiness shows the text to everybody: the engine's own words name sockets of this host.
    check: (deadlineMs) =>
      launcher.check(deadlineMs).catch((cause: unknown) => {
        throw new AppError('sandbox_unavailable', 'The container engine does not answer.', { cause });
      }),
  };
}

async function bringSandboxImage(engine: Engine, options: SandboxSetupOptions): Promise<SandboxImage> {
  const { config, terminal } = options;
  try {
    return await bringImage({
      ...runtimeRequestOf(options),
      engine,
      canMakeRoots: canMakeRoots(),
      sandboxImage: config.sandboxImage,
      onLine: (line) => terminal.running(`  ${line}`),
    });
  } finally {
    terminal.done();
  }
}

/** The same after a restart on the same data folder, so that containers of a killed server are found and removed. */
function ownerIdOf(secret: Uint8Array): string {
  return createHash('sha256').update('docker owner').update(secret).digest('hex').slice(0, 16);
}
