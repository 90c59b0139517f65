export * from './create-queues.ts';
export type { QueueLayout } from './queue-directory.ts';
export * from './sqs-job-queue.ts';
