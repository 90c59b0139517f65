export type * from './artifact-store.ts';
export type * from './clock.ts';
export type * from './job-events.ts';
export type * from './job-queue.ts';
export type * from './job-store.ts';
export type * from './resend-ledger.ts';
