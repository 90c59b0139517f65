export { type BuildImageRequest, buildSandboxImage, type BuiltImage } from './build-image.ts';
export { EngineError } from './deadline.ts';
export { DockerLauncher, type DockerLauncherOptions } from './docker-launcher.ts';
export { Engine, type EngineFacts } from './engine.ts';
export { ensureSandboxImage, type ImageRequest } from './image.ts';
export { runInImage } from './run-in-image.ts';
