import { homedir } from 'node:os';
import path from 'node:path';
import { loadConfig as loadGatewayConfig, type GatewayConfig } from '@runyard/api-gateway';
import { loadConfig as loadExecutorConfig, type ExecutorConfig } from '@runyard/executor';
import { loadSandboxConfig, type SandboxConfig } from '@runyard/executor/sandbox-setup';
import { composeConfig, type Env, field, parseEnv } from '@runyard/shared/config';
import { LOG_LEVELS, type LogLevel } from '@runyard/shared/logging';
import { z } from 'zod';

export interface StandaloneConfig {
  readonly gateway: GatewayConfig;
  readonly executor: ExecutorConfig;
  readonly sandbox: SandboxConfig;
  readonly server: ServerConfig;
}

interface ServerConfig {
  readonly dataDir: string;
  /** Whom a server that root starts shall be: a name, `uid` or `uid:gid`, or `root`; null: the usual one. */
  readonly user: string | null;
  /** What is only advised of a host is required. */
  readonly isStrict: boolean;
  /** Null: warn on a terminal, info elsewhere. */
  readonly logLevel: LogLevel | null;
}

const schema = z.object({
  RUNYARD_DATA_DIR: field.text().optional(),
  RUNYARD_USER: field
    .text()
    .regex(/^[a-z_][a-z0-9_-]*\$?$|^\d+(:\d+)?$/, 'must be a name, uid or uid:gid')
    .optional(),
  RUNYARD_STRICT: field.boolean().default(false),
  LOG_LEVEL: field.choice(LOG_LEVELS).optional(),
});

/** Reads everything that the server is told by variables. Throws one ConfigError with the problems of all parts. */
export function loadConfig(env: Env, isRoot: boolean): StandaloneConfig {
  return composeConfig({
    gateway: () => loadGatewayConfig(env),
    executor: () => loadExecutorConfig(env),
    sandbox: () => loadSandboxConfig(env, isRoot),
    server: () => loadServerConfig(env, isRoot),
  });
}

function loadServerConfig(env: Env, isRoot: boolean): ServerConfig {
  const values = parseEnv(schema, env);
  return {
    dataDir: path.resolve(values.RUNYARD_DATA_DIR ?? defaultDataDir(env, isRoot)),
    user: values.RUNYARD_USER ?? null,
    isStrict: values.RUNYARD_STRICT,
    logLevel: values.LOG_LEVEL ?? null,
  };
}

/**
 * Where the file hierarchy standards put a service's state, and not the folder of the checkout: jobs and results outlive a
 * new clone, two checkouts meet the same lock, and a clean-up of the sources takes no data with it.
 */
function defaultDataDir(env: Env, isRoot: boolean): string {
  if (isRoot) return '/var/lib/runyard';
  return path.join(env['XDG_DATA_HOME'] ?? path.join(homedir(), '.local/share'), 'runyard');
}
