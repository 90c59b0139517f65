export * from './job.ts';
export * from './language.ts';
export * from './limits.ts';
export * from './status.ts';
export * from './verdict.ts';
