export * from './create-logger.ts';
export * from './cut-text.ts';
export * from './serialize-error.ts';
