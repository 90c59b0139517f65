export * from './in-process-job-events.ts';
export * from './publishing-job-store.ts';
export * from './system-clock.ts';
