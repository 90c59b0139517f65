export { engineEnvironment } from './engine-environment.ts';
export { buildOnImage, type BuildImageRequest, buildSandboxImage, type BuiltImage } from './build-image.ts';
export { EngineError } from './deadline.ts';
export { DockerLauncher, type DockerLauncherOptions } from './docker-launcher.ts';
export { Engine, type EngineFacts } from './engine.ts';
export { HostReaper, type HostReaperOptions, type Reaped } from './host-reaper.ts';
export { ensureSandboxImage, type ImageRequest } from './image.ts';
export { ParentCgroups } from './parent-cgroups.ts';
export { runInImage } from './run-in-image.ts';
