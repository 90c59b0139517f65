import { availableParallelism } from 'node:os';
import { type Env, field, parseEnv } from '@runyard/shared/config';
import { z } from 'zod';

export interface ExecutorConfig {
  /** Jobs at once. Default: the cores of this machine; with more, programs wait for each other and wall limits lie. */
  readonly slots: number;
  /** Ids of the languages to serve; null: all that there are. */
  readonly languages: readonly string[] | null;
  /** Length of a claim; it is renewed after a third of it. */
  readonly leaseMs: number;
  /** How long running jobs may take to finish after a stop was asked for. */
  readonly drainMs: number;
}

const schema = z.object({
  RUNYARD_SLOTS: field.integer({ min: 1, max: 1024 }).optional(),
  RUNYARD_LANGUAGES: field.list().optional(),
  // Of one executor where RUNYARD_LANGUAGES are those of the whole deployment.
  EXECUTOR_LANGUAGES: field.list().optional(),
  // Shorter leases end while a busy host still renews them.
  RUNYARD_LEASE_SEC: field.integer({ min: 3, max: 3600 }).default(45),
  RUNYARD_DRAIN_SEC: field.integer({ min: 0, max: 600 }).default(30),
});

/** Throws ConfigError with all problems. */
export function loadConfig(env: Env): ExecutorConfig {
  const values = parseEnv(schema, env);
  return {
    slots: values.RUNYARD_SLOTS ?? availableParallelism(),
    languages: values.EXECUTOR_LANGUAGES ?? values.RUNYARD_LANGUAGES ?? null,
    leaseMs: values.RUNYARD_LEASE_SEC * 1000,
    drainMs: values.RUNYARD_DRAIN_SEC * 1000,
  };
}
