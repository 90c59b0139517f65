export * from './a-language.ts';
export * from './artifact-store-contract.ts';
export * from './job-builders.ts';
export * from './job-queue-contract.ts';
export * from './job-store-contract.ts';
export * from './manual-clock.ts';
export * from './temporary-folder.ts';
