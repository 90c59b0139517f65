export { ensureStandIn, type StandIn } from './ensure-stand-in.ts';
export { startAwsStack, type AwsStack } from './start-aws-stack.ts';
export { importLocalStackImage } from './import-image.ts';
