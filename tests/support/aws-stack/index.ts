export { ensureStandIn } from './ensure-stand-in.ts';
export { importLocalStackImage } from './import-image.ts';
