import { type AwsConfig, loadAwsConfig } from '@runyard/shared/adapters/aws';
import { composeConfig, type Env, field, parseEnv } from '@runyard/shared/config';
import { type AdminConfig, loadAdminConfig, loadServiceConfig, type ServiceConfig } from '@runyard/shared/process';
import { z } from 'zod';

export interface SweeperServiceConfig {
  readonly service: ServiceConfig;
  readonly admin: AdminConfig;
  readonly aws: AwsConfig;
  readonly sweeper: SweeperConfig;
}

interface SweeperConfig {
  /** Mean pause between two sweeps. */
  readonly intervalMs: number;
  /** That of the executors. */
  readonly leaseMs: number;
  /** First pause before a message is sent again into a queue that holds others. */
  readonly resendAfterMs: number;
  /** A job that was queued for so long is not run any more. */
  readonly maxQueuedMs: number;
  /** Whose queues there are; null: all that there are. */
  readonly languages: readonly string[] | null;
}

const schema = z.object({
  RUNYARD_SWEEP_SEC: field.integer({ min: 1, max: 3600 }).default(15),
  RUNYARD_LEASE_SEC: field.integer({ min: 3, max: 3600 }).default(45),
  RUNYARD_RESEND_SEC: field.integer({ min: 1, max: 86_400 }).default(120),
  // Below the four days for which SQS keeps a message by default.
  RUNYARD_MAX_QUEUED_SEC: field.integer({ min: 60, max: 1_209_600 }).default(259_200),
  RUNYARD_LANGUAGES: field.list().optional(),
});

/** Throws one ConfigError with the problems of all parts. */
export function loadSweeperServiceConfig(env: Env): SweeperServiceConfig {
  return composeConfig({
    service: () => loadServiceConfig(env),
    admin: () => loadAdminConfig(env),
    aws: () => loadAwsConfig(env),
    sweeper: () => loadSweeper(env),
  });
}

function loadSweeper(env: Env): SweeperConfig {
  const values = parseEnv(schema, env);
  return {
    intervalMs: values.RUNYARD_SWEEP_SEC * 1000,
    leaseMs: values.RUNYARD_LEASE_SEC * 1000,
    resendAfterMs: values.RUNYARD_RESEND_SEC * 1000,
    maxQueuedMs: values.RUNYARD_MAX_QUEUED_SEC * 1000,
    languages: values.RUNYARD_LANGUAGES ?? null,
  };
}
