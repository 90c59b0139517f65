import { randomBytes } from 'node:crypto';
import { SupervisedSandbox } from '@runyard/sandbox';
import { DockerLauncher, Engine } from '@runyard/sandbox/docker';
import { HOST_PROBE, type PostureResult, postureKindOf, sentryProbe, takePosture } from '@runyard/sandbox/doctor';
import { NativeLauncher } from '@runyard/sandbox/native';
import type { RootRecipe } from '@runyard/sandbox/runtime-root';
import { bringImage, bringRoot, canMakeRoots, type RuntimeRequest } from '@runyard/sandbox/setup';
import type { RuntimeConfig } from '@runyard/shared/config';

/** The posture does not depend on toolchains: the smallest root is made soonest. */
const SMALLEST: RootRecipe = { debianPackages: [], npmPackages: {}, prepare: [], versionCommands: {} };

export interface PostureRequest {
  readonly launcher: 'native' | 'docker';
  readonly config: RuntimeConfig;
  readonly environment: RuntimeRequest['environment'];
  readonly say: (line: string) => void;
}

/** Starts the launcher, looks at one place, and takes everything away again. Throws when that is not possible here. */
export async function examinePlace(request: PostureRequest): Promise<PostureResult> {
  return request.launcher === 'native' ? await examineNative(request) : await examineDocker(request);
}

async function examineNative(request: PostureRequest): Promise<PostureResult> {
  const { root, binaries } = await bringRoot(runtimeOf(request));
  const launcher = await NativeLauncher.start({
    keeperPath: binaries.keeperPath,
    launcherPath: binaries.launcherPath,
    supervisorPath: binaries.supervisorPath,
    rootDir: root.dir,
    log: (_level, message) => request.say(message),
  });
  try {
    return await takePosture(new SupervisedSandbox(launcher), 'native', HOST_PROBE);
  } finally {
    await launcher.close();
  }
}

async function examineDocker(request: PostureRequest): Promise<PostureResult> {
  const engine = new Engine(null);
  const { sandboxImage, sandboxRuntime } = request.config;
  const { image } = await bringImage({
    ...runtimeOf(request),
    engine,
    canMakeRoots: canMakeRoots(),
    sandboxImage,
    onLine: request.say,
  });
  const ownerId = randomBytes(8).toString('hex');
  const launcher = await DockerLauncher.start({
    engine,
    image,
    runtime: sandboxRuntime,
    ownerId,
    onDiagnostics: request.say,
  });
  try {
    const kind = postureKindOf(sandboxRuntime ?? (await defaultRuntimeOf(engine)));
    const probe = kind === 'docker-runsc' ? sentryProbe(engine, ownerId) : HOST_PROBE;
    return await takePosture(new SupervisedSandbox(launcher), kind, probe);
  } finally {
    await launcher.close();
  }
}

async function defaultRuntimeOf(engine: Engine): Promise<string> {
  const info: unknown = await engine.docker.info();
  return (info as { DefaultRuntime?: string }).DefaultRuntime ?? 'runc';
}

function runtimeOf({ config, environment, say }: PostureRequest): RuntimeRequest {
  return {
    recipe: SMALLEST,
    cacheDir: config.cacheDir,
    mayInstall: config.maySetUp,
    environment,
    debianMirror: config.debianMirror,
    progress: ({ message }) => say(message),
    signal: new AbortController().signal,
  };
}
