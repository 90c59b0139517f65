import {
  composeConfig,
  type Env,
  field,
  loadRuntimeConfig,
  parseEnv,
  type RuntimeConfig,
} from '@runyard/shared/config';
import { availableParallelism } from 'node:os';
import { z } from 'zod';

export interface DoctorConfig {
  readonly runtime: RuntimeConfig;
  readonly slots: number;
  /** Advised checks count as required. */
  readonly isStrict: boolean;
}

export interface DoctorArguments {
  readonly asJson: boolean;
  readonly takesPosture: boolean;
}

const schema = z.object({
  RUNYARD_SLOTS: field.integer({ min: 1, max: 1024 }).optional(),
  RUNYARD_STRICT: field.boolean().default(false),
});

/** The variables of the server that change what is checked. Throws ConfigError with all problems. */
export function loadConfig(env: Env, isRoot: boolean): DoctorConfig {
  const { runtime, own } = composeConfig({
    runtime: () => loadRuntimeConfig(env, isRoot),
    own: () => parseEnv(schema, env),
  });
  return { runtime, slots: own.RUNYARD_SLOTS ?? availableParallelism(), isStrict: own.RUNYARD_STRICT };
}

/** Null for an argument that is not known. */
export function parseArguments(words: readonly string[]): DoctorArguments | null {
  const known = new Set(['--json', '--no-posture']);
  if (words.some((word) => !known.has(word))) return null;
  return { asJson: words.includes('--json'), takesPosture: !words.includes('--no-posture') };
}
