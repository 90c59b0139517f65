export * from './compose.ts';
export * from './config-error.ts';
export * as field from './fields.ts';
export * from './parse-env.ts';
export * from './runtime-config.ts';
export * from './secret.ts';
