/** What places are made from: a runtime root with our programs, or an image of it. Takes minutes once, then milliseconds. */
export { bringImage, type SandboxImage, type SandboxImageRequest } from './bring-image.ts';
export { bringRoot, type RuntimeRequest } from './bring-root.ts';
export { canMakeRoots } from '../runtime-root/index.ts';
