import { type AwsConfig, loadAwsConfig } from '@runyard/shared/adapters/aws';
import { composeConfig, type Env, field, parseEnv, type Secret } from '@runyard/shared/config';
import { loadServiceConfig, type ServiceConfig } from '@runyard/shared/process';
import { z } from 'zod';
import { type GatewayConfig, loadConfig } from './config.ts';

export interface GatewayServiceConfig {
  readonly service: ServiceConfig;
  readonly aws: AwsConfig;
  readonly gateway: GatewayConfig;
  readonly own: OwnConfig;
}

interface OwnConfig {
  /** Makes the ids of keyed submissions: the same on every gateway of a deployment. */
  readonly secret: Secret;
  /** Ids or aliases of the languages to serve; null: all that there are. */
  readonly languages: readonly string[] | null;
  /** After a stop was asked for: how long requests are still taken though readiness is lost, so that balancers notice. */
  readonly drainDelayMs: number;
  /** How long requests that run may take to be answered. */
  readonly drainMs: number;
}

const schema = z.object({
  RUNYARD_SECRET: field.secret({ minLength: 32 }),
  RUNYARD_LANGUAGES: field.list().optional(),
  RUNYARD_DRAIN_DELAY_SEC: field.integer({ min: 0, max: 300 }).default(0),
  RUNYARD_DRAIN_SEC: field.integer({ min: 0, max: 600 }).default(10),
});

/** Throws one ConfigError with the problems of all parts. */
export function loadGatewayServiceConfig(env: Env): GatewayServiceConfig {
  return composeConfig({
    service: () => loadServiceConfig(env),
    aws: () => loadAwsConfig(env),
    gateway: () => loadConfig(env),
    own: () => loadOwn(env),
  });
}

function loadOwn(env: Env): OwnConfig {
  const values = parseEnv(schema, env);
  return {
    secret: values.RUNYARD_SECRET,
    languages: values.RUNYARD_LANGUAGES ?? null,
    drainDelayMs: values.RUNYARD_DRAIN_DELAY_SEC * 1000,
    drainMs: values.RUNYARD_DRAIN_SEC * 1000,
  };
}
