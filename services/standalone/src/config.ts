import { homedir } from 'node:os';
import path from 'node:path';
import { loadConfig as loadGatewayConfig, type GatewayConfig } from '@runyard/api-gateway';
import { loadConfig as loadExecutorConfig, type ExecutorConfig } from '@runyard/executor';
import { ConfigError, type ConfigProblem, type Env, field, parseEnv } from '@runyard/shared/config';
import { LOG_LEVELS, type LogLevel } from '@runyard/shared/logging';
import { z } from 'zod';
import type { WantedLauncher } from './host.ts';

export interface StandaloneConfig {
  readonly gateway: GatewayConfig;
  readonly executor: ExecutorConfig;
  readonly server: ServerConfig;
}

interface ServerConfig {
  readonly dataDir: string;
  /** Runtime roots and compiled parts: may be removed, and is made again. */
  readonly cacheDir: string;
  readonly sandbox: WantedLauncher;
  /** Image of the docker launcher; null: the runtime root. */
  readonly sandboxImage: string | null;
  /** OCI runtime of the docker launcher by name; null: the engine's default. */
  readonly sandboxRuntime: string | null;
  /** Whether set-up may install what is missing, or only say what is. */
  readonly maySetUp: boolean;
  /** Where Debian packages come from; null: the host's own mirror. */
  readonly debianMirror: string | null;
  /** Languages whose samples are run at start; null: the usual ones. */
  readonly startupCheck: readonly string[] | null;
  /** Null: warn on a terminal, info elsewhere. */
  readonly logLevel: LogLevel | null;
  /** How long running jobs may take to finish after a stop was asked for. */
  readonly drainMs: number;
}

const absolutePath = field.text().refine((value) => path.isAbsolute(value), 'must be an absolute path');

const schema = z.object({
  RUNYARD_DATA_DIR: field.text().optional(),
  RUNYARD_CACHE_DIR: absolutePath.optional(),
  RUNYARD_SANDBOX: field.choice(['auto', 'native', 'docker']).default('auto'),
  SANDBOX_IMAGE: field.text().optional(),
  SANDBOX_RUNTIME: field.text().optional(),
  RUNYARD_SETUP: field.choice(['auto', 'off']).default('auto'),
  RUNYARD_DEBIAN_MIRROR: field.text().refine(isHttpUrl, 'must be an http or https URL').optional(),
  RUNYARD_STARTUP_CHECK: field.list().optional(),
  RUNYARD_DRAIN_SEC: field.integer({ min: 0, max: 600 }).default(30),
  LOG_LEVEL: field.choice(LOG_LEVELS).optional(),
});

/** Reads everything that the server is told by variables. Throws one ConfigError with the problems of all parts. */
export function loadConfig(env: Env, isRoot: boolean): StandaloneConfig {
  const problems: ConfigProblem[] = [];
  const gateway = collect(problems, () => loadGatewayConfig(env));
  const executor = collect(problems, () => loadExecutorConfig(env));
  const server = collect(problems, () => loadServerConfig(env, isRoot));
  if (gateway === null || executor === null || server === null) throw new ConfigError(firstPerVariable(problems));
  return { gateway, executor, server };
}

function loadServerConfig(env: Env, isRoot: boolean): ServerConfig {
  const values = parseEnv(schema, env);
  return {
    dataDir: path.resolve(values.RUNYARD_DATA_DIR ?? defaultDataDir(env, isRoot)),
    cacheDir: values.RUNYARD_CACHE_DIR ?? defaultCacheDir(env, isRoot),
    sandbox: values.RUNYARD_SANDBOX,
    sandboxImage: values.SANDBOX_IMAGE ?? null,
    sandboxRuntime: values.SANDBOX_RUNTIME ?? null,
    maySetUp: values.RUNYARD_SETUP === 'auto',
    debianMirror: values.RUNYARD_DEBIAN_MIRROR ?? null,
    startupCheck: values.RUNYARD_STARTUP_CHECK ?? null,
    logLevel: values.LOG_LEVEL ?? null,
    drainMs: values.RUNYARD_DRAIN_SEC * 1000,
  };
}

function isHttpUrl(value: string): boolean {
  return URL.canParse(value) && /^https?:$/.test(new URL(value).protocol);
}

/**
 * Where the file hierarchy standards put a service's state, and not the folder of the checkout: jobs and results outlive a
 * new clone, two checkouts meet the same lock, and a clean-up of the sources takes no data with it.
 */
function defaultDataDir(env: Env, isRoot: boolean): string {
  if (isRoot) return '/var/lib/runyard';
  return path.join(env['XDG_DATA_HOME'] ?? path.join(homedir(), '.local/share'), 'runyard');
}

function defaultCacheDir(env: Env, isRoot: boolean): string {
  if (isRoot) return '/var/cache/runyard';
  return path.join(env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache'), 'runyard');
}

/** An empty value breaks several rules of its variable; the first one says what to do. */
function firstPerVariable(problems: readonly ConfigProblem[]): readonly ConfigProblem[] {
  return problems.filter(({ variable }, index) => problems.findIndex((other) => other.variable === variable) === index);
}

function collect<T>(problems: ConfigProblem[], load: () => T): T | null {
  try {
    return load();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    problems.push(...error.problems);
    return null;
  }
}
