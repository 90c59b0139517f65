export * from './create-table.ts';
export * from './dynamo-job-events.ts';
export * from './dynamo-job-store.ts';
export * from './dynamo-language-facts.ts';
export * from './table-schema.ts';
