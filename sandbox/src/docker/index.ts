export { EngineError } from './deadline.ts';
export { DockerLauncher, type DockerLauncherOptions } from './docker-launcher.ts';
export { Engine, type EngineFacts } from './engine.ts';
export { ensureSandboxImage, type ImageRequest } from './image.ts';
