export { Executor, type ExecutorDependencies, type ExecutorOptions } from './application/executor.ts';
export { EXECUTOR_EVENTS } from './application/events.ts';
export type { Sandbox } from './application/ports.ts';
export { runSample, type SampleResult } from './application/run-sample.ts';
export { loadConfig, type ExecutorConfig } from './config.ts';
