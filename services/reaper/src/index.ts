export { type ReaperProcess, type ReaperProcessOptions, startReaperProcess } from './reaper-process.ts';
