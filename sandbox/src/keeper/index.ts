export { HostRefusal } from './host-refusal.ts';
export { KeptProcess, type KeptProcessOptions } from './kept-process.ts';
