import { homedir } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import * as field from './fields.ts';
import { type Env, parseEnv } from './parse-env.ts';

/** Which launcher makes places for programs, and from what. */
export interface RuntimeConfig {
  /** Runtime roots and compiled parts: may be removed, and is made again. */
  readonly cacheDir: string;
  readonly sandbox: 'auto' | 'native' | 'docker';
  /** Image of the docker launcher; null: the runtime root. */
  readonly sandboxImage: string | null;
  /** OCI runtime of the docker launcher by name; null: the engine's default. */
  readonly sandboxRuntime: string | null;
  /** One CPU for each place of the docker launcher, as long as there are any; false: places share all. */
  readonly hasCpuset: boolean;
  /** Whether set-up may install what is missing, or only say what is. */
  readonly maySetUp: boolean;
  /** Where Debian packages come from; null: the host's own mirror. */
  readonly debianMirror: string | null;
}

const absolutePath = field.text().refine((value) => path.isAbsolute(value), 'must be an absolute path');

const schema = z
  .object({
    RUNYARD_CACHE_DIR: absolutePath.optional(),
    RUNYARD_SANDBOX: field.choice(['auto', 'native', 'docker']).default('auto'),
    SANDBOX_IMAGE: field.text().optional(),
    SANDBOX_RUNTIME: field.text().optional(),
    RUNYARD_CPUSET: field.boolean().default(false),
    RUNYARD_SETUP: field.choice(['auto', 'off']).default('auto'),
    RUNYARD_DEBIAN_MIRROR: field.text().refine(isHttpUrl, 'must be an http or https URL').optional(),
  })
  .refine((env) => !env.RUNYARD_CPUSET || env.RUNYARD_SANDBOX !== 'native', {
    path: ['RUNYARD_CPUSET'],
    message: 'the native launcher has no cpuset; needs RUNYARD_SANDBOX=docker',
  });

/** Throws ConfigError with all problems. */
export function loadRuntimeConfig(env: Env, isRoot: boolean): RuntimeConfig {
  const values = parseEnv(schema, env);
  return {
    cacheDir: values.RUNYARD_CACHE_DIR ?? defaultCacheDir(env, isRoot),
    sandbox: values.RUNYARD_SANDBOX,
    sandboxImage: values.SANDBOX_IMAGE ?? null,
    sandboxRuntime: values.SANDBOX_RUNTIME ?? null,
    hasCpuset: values.RUNYARD_CPUSET,
    maySetUp: values.RUNYARD_SETUP === 'auto',
    debianMirror: values.RUNYARD_DEBIAN_MIRROR ?? null,
  };
}

function isHttpUrl(value: string): boolean {
  return URL.canParse(value) && /^https?:$/.test(new URL(value).protocol);
}

function defaultCacheDir(env: Env, isRoot: boolean): string {
  if (isRoot) return '/var/cache/runyard';
  return path.join(env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache'), 'runyard');
}
