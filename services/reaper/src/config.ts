import { type Env, field, parseEnv } from '@runyard/shared/config';
import { LOG_LEVELS, type LogLevel } from '@runyard/shared/logging';
import { type AdminConfig, loadAdminConfig } from '@runyard/shared/process';
import { z } from 'zod';

export interface ReaperConfig {
  readonly logLevel: LogLevel;
  /** Where health and counters are served; null for a reaper that another process started. */
  readonly admin: AdminConfig | null;
  /**
   * Set when another process started this one: standard input is then its lifeline. When it ends, the reaper goes on until no
   * container of this owner from before is left, and ends.
   */
  readonly lifelineOwner: string | null;
}

const schema = z.object({
  LOG_LEVEL: field.choice(LOG_LEVELS).default('info'),
  RUNYARD_REAPER_OWNER: field.text().optional(),
});

/** DOCKER_HOST is read by the engine's client. Throws ConfigError with all problems. */
export function loadConfig(env: Env): ReaperConfig {
  const values = parseEnv(schema, env);
  const lifelineOwner = values.RUNYARD_REAPER_OWNER ?? null;
  return { logLevel: values.LOG_LEVEL, admin: lifelineOwner === null ? loadAdminConfig(env) : null, lifelineOwner };
}
