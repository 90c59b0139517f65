import { z } from 'zod';
import { type Env, field, parseEnv } from '../config/index.ts';
import { LOG_LEVELS, type LogLevel } from '../logging/index.ts';

/** What every service of a deployment on AWS is told. */
export interface ServiceConfig {
  readonly logLevel: LogLevel;
}

const schema = z.object({
  // Set in one place for all parts of a deployment. The embedded backend belongs to one process: `npm start`.
  RUNYARD_BACKEND: field.choice(['aws']).default('aws'),
  LOG_LEVEL: field.choice(LOG_LEVELS).default('info'),
});

/** Throws ConfigError. */
export function loadServiceConfig(env: Env): ServiceConfig {
  return { logLevel: parseEnv(schema, env).LOG_LEVEL };
}
