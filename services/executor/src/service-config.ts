import { hostname } from 'node:os';
import { type AwsConfig, loadAwsConfig } from '@runyard/shared/adapters/aws';
import { composeConfig, type Env, field, parseEnv } from '@runyard/shared/config';
import { type AdminConfig, loadAdminConfig, loadServiceConfig, type ServiceConfig } from '@runyard/shared/process';
import { z } from 'zod';
import { type ExecutorConfig, loadConfig } from './config.ts';
import { loadSandboxConfig, type SandboxConfig } from './sandbox-setup/index.ts';

export interface ExecutorServiceConfig {
  readonly service: ServiceConfig;
  readonly admin: AdminConfig;
  readonly aws: AwsConfig;
  readonly executor: ExecutorConfig;
  readonly sandbox: SandboxConfig;
  readonly own: OwnConfig;
}

interface OwnConfig {
  /** Names this executor in job records and logs; no two alike run at a time. */
  readonly worker: string;
}

const schema = z.object({
  RUNYARD_EXECUTOR_ID: field
    .text()
    .regex(/^[A-Za-z0-9._-]{1,64}$/, 'must be 1 to 64 letters, digits, dots, dashes or underscores')
    .optional(),
});

/** Throws one ConfigError with the problems of all parts. */
export function loadExecutorServiceConfig(env: Env, isRoot: boolean): ExecutorServiceConfig {
  return composeConfig({
    service: () => loadServiceConfig(env),
    admin: () => loadAdminConfig(env),
    aws: () => loadAwsConfig(env),
    executor: () => loadConfig(env),
    sandbox: () => loadSandboxConfig(env, isRoot),
    own: () => loadOwn(env),
  });
}

function loadOwn(env: Env): OwnConfig {
  const values = parseEnv(schema, env);
  return { worker: values.RUNYARD_EXECUTOR_ID ?? `${hostname()}-${process.pid}` };
}
