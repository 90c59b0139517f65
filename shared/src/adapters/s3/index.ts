export * from './create-bucket.ts';
export * from './s3-artifact-store.ts';
