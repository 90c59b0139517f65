export * from './aws-backend.ts';
export * from './aws-clients.ts';
export * from './aws-config.ts';
export * from './bootstrap.ts';
export * from './single-queue.ts';
