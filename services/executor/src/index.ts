export { Executor, type ExecutorDependencies, type ExecutorOptions } from './application/executor.ts';
export type { Sandbox } from './application/ports.ts';
