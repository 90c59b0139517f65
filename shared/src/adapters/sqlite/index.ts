export * from './sqlite-artifact-store.ts';
export { SqliteDatabase } from './sqlite-database.ts';
export * from './sqlite-job-queue.ts';
export * from './sqlite-job-store.ts';
