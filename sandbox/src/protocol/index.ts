export * from './constants.ts';
export { encodeFrame, writeFrame } from './encode.ts';
export type { Frame } from './encode.ts';
export { FrameReader } from './frame-reader.ts';
export { FrameWriter } from './frame-writer.ts';
export * from './frames.ts';
export { ProtocolError } from './protocol-error.ts';
