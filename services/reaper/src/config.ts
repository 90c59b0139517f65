import { type Env, field, parseEnv } from '@runyard/shared/config';
import { LOG_LEVELS, type LogLevel } from '@runyard/shared/logging';
import { z } from 'zod';

export interface ReaperConfig {
  readonly logLevel: LogLevel;
  /** Where health and metrics are served; null: nowhere. */
  readonly admin: { readonly host: string; readonly port: number } | null;
  /**
   * Set when another process started this one: standard input is then its lifeline. When it ends, the reaper goes on until no
   * container of this owner from before is left, and ends.
   */
  readonly lifelineOwner: string | null;
}

const schema = z.object({
  LOG_LEVEL: field.choice(LOG_LEVELS).default('info'),
  ADMIN_HOST: field.text().default('127.0.0.1'),
  ADMIN_PORT: field.integer({ min: 0, max: 65_535 }).optional(),
  RUNYARD_REAPER_OWNER: field.text().optional(),
});

/** DOCKER_HOST is read by the engine's client. Throws ConfigError with all problems. */
export function loadConfig(env: Env): ReaperConfig {
  const values = parseEnv(schema, env);
  const port = values.ADMIN_PORT;
  return {
    logLevel: values.LOG_LEVEL,
    admin: port === undefined ? null : { host: values.ADMIN_HOST, port },
    lifelineOwner: values.RUNYARD_REAPER_OWNER ?? null,
  };
}
