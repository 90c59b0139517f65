import type { z } from 'zod';
import { ConfigError } from './config-error.ts';

export type Env = Readonly<Record<string, string | undefined>>;

/**
 * Reads the variables that the schema names and no others. Pure: pass `process.env` from `main`.
 * @throws ConfigError with every problem at once. No message repeats a value, which may be a secret.
 */
export function parseEnv<T>(schema: z.ZodType<T>, env: Env): T {
  const result = schema.safeParse(env);
  if (result.success) return result.data;
  throw new ConfigError(
    result.error.issues.map((issue) => ({ variable: issue.path.join('.') || 'environment', message: issue.message })),
  );
}
