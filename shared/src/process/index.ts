export { runProcess, type RunningServer } from './run-process.ts';
export { Shutdown } from './shutdown.ts';
export { type Progress, Terminal, type TerminalStream } from './terminal.ts';
