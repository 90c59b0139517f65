import {
  composeConfig,
  type Env,
  field,
  loadRuntimeConfig,
  parseEnv,
  type RuntimeConfig,
} from '@runyard/shared/config';
import { z } from 'zod';

/** Where the places for programs come from: a launcher that runs already, or one that this process starts. */
export interface SandboxConfig extends RuntimeConfig {
  /** Socket of a launcher that somebody else runs (`services/launcher`); null: one of our own. */
  readonly launcherSocket: string | null;
  /** Languages whose samples are run at start; null: the usual ones. */
  readonly startupCheck: readonly string[] | null;
}

const schema = z.object({
  RUNYARD_LAUNCHER_SOCKET: field
    .text()
    .refine((value) => value.startsWith('/'), 'must be an absolute path')
    .optional(),
  RUNYARD_STARTUP_CHECK: field.list().optional(),
});

/** Throws ConfigError with all problems. */
export function loadSandboxConfig(env: Env, isRoot: boolean): SandboxConfig {
  const { runtime, own } = composeConfig({
    runtime: () => loadRuntimeConfig(env, isRoot),
    own: () => parseEnv(schema, env),
  });
  return {
    ...runtime,
    launcherSocket: own.RUNYARD_LAUNCHER_SOCKET ?? null,
    startupCheck: own.RUNYARD_STARTUP_CHECK ?? null,
  };
}
