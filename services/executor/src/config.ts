import { availableParallelism } from 'node:os';
import { type Env, field, parseEnv } from '@runyard/shared/config';
import { z } from 'zod';

export interface ExecutorConfig {
  /** Jobs at once. Default: the cores of this machine; with more, programs wait for each other and wall limits lie. */
  readonly slots: number;
  /** Ids of the languages to serve; null: all that there are. */
  readonly languages: readonly string[] | null;
}

const schema = z.object({
  RUNYARD_SLOTS: field.integer({ min: 1, max: 1024 }).optional(),
  RUNYARD_LANGUAGES: field.list().optional(),
});

/** Throws ConfigError with all problems. */
export function loadConfig(env: Env): ExecutorConfig {
  const values = parseEnv(schema, env);
  return { slots: values.RUNYARD_SLOTS ?? availableParallelism(), languages: values.RUNYARD_LANGUAGES ?? null };
}
