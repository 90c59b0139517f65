import { DEFAULT_PLACE_BOUNDS } from '@runyard/sandbox/native';
import {
  composeConfig,
  type Env,
  field,
  loadRuntimeConfig,
  parseEnv,
  type RuntimeConfig,
} from '@runyard/shared/config';
import { LOG_LEVELS, type LogLevel } from '@runyard/shared/logging';
import path from 'node:path';
import { z } from 'zod';

export interface LauncherConfig {
  readonly runtime: RuntimeConfig;
  readonly logLevel: LogLevel;
  /** Languages whose toolchains the runtime root gets; null: all. */
  readonly languages: readonly string[] | null;
  readonly socketPath: string;
  /** Who besides root may connect, as the variable says; at most one of both. */
  readonly user: string | null;
  readonly group: string | null;
  readonly maxPlaces: number;
  readonly maxMemoryBytes: number;
  readonly maxProcesses: number;
  readonly maxCpuMilli: number;
  /** Of one step; docker alone, where what a client does not read is held in this process. */
  readonly maxOutputBytes: number;
  /** Stands in the names and labels of what is made; null: derived from host and socket. */
  readonly ownerId: string | null;
  /** What is only advised of a host is required. */
  readonly isStrict: boolean;
  /** Standard input is the lifeline of whoever started this process: it ends with it. */
  readonly hasLifeline: boolean;
  /** Image that is known to be there, with what is to be said of it: nothing is set up then. */
  readonly image: ReadyImage | null;
}

export interface ReadyImage {
  readonly image: string;
  readonly runtimeRoot: string;
  readonly toolchains: Readonly<Record<string, string>>;
}

const MIB = 2 ** 20;
/** The product's own maximum of a job (docs of the API). */
export const MAX_OUTPUT_MIB = 16;

const readyImage = z.object({
  image: z.string(),
  runtimeRoot: z.string(),
  toolchains: z.record(z.string(), z.string()),
});

const schema = z
  .object({
    RUNYARD_LAUNCHER_SOCKET: field
      .text()
      .refine((value) => path.isAbsolute(value), 'must be an absolute path')
      .default('/run/runyard/launcher.sock'),
    RUNYARD_LAUNCHER_USER: field.text().optional(),
    RUNYARD_LAUNCHER_GROUP: field.text().optional(),
    RUNYARD_LAUNCHER_OWNER: field
      .text()
      .regex(/^[0-9a-f]{8,16}$/, 'must be 8 to 16 lower-case hex digits')
      .optional(),
    RUNYARD_LAUNCHER_LIFELINE: field.boolean().default(false),
    RUNYARD_LAUNCHER_IMAGE: field
      .text()
      .transform((text, context) => parseReadyImage(text) ?? refuseImage(context))
      .optional(),
    RUNYARD_MAX_PLACES: field.integer({ min: 1, max: 250 }).default(DEFAULT_PLACE_BOUNDS.places),
    RUNYARD_MAX_MEMORY_MIB: field
      .integer({ min: 16, max: 1024 * 1024 })
      .default(DEFAULT_PLACE_BOUNDS.memoryBytes / MIB),
    RUNYARD_MAX_PROCESSES: field.integer({ min: 8, max: 32_768 }).default(DEFAULT_PLACE_BOUNDS.processes),
    RUNYARD_MAX_CPU_MILLI: field.integer({ min: 100, max: 1_024_000 }).default(DEFAULT_PLACE_BOUNDS.cpuMilli),
    RUNYARD_MAX_OUTPUT_MIB: field.integer({ min: 1, max: 16 }).default(MAX_OUTPUT_MIB),
    RUNYARD_LANGUAGES: field.list().optional(),
    RUNYARD_STRICT: field.boolean().default(false),
    LOG_LEVEL: field.choice(LOG_LEVELS).default('info'),
  })
  .refine((env) => env.RUNYARD_LAUNCHER_USER === undefined || env.RUNYARD_LAUNCHER_GROUP === undefined, {
    path: ['RUNYARD_LAUNCHER_GROUP'],
    message: 'either RUNYARD_LAUNCHER_USER or RUNYARD_LAUNCHER_GROUP may be set',
  });

/** Throws ConfigError with all problems. */
export function loadConfig(env: Env): LauncherConfig {
  const { runtime, own } = composeConfig({
    runtime: () => loadRuntimeConfig(env, true),
    own: () => parseEnv(schema, env),
  });
  return {
    runtime,
    logLevel: own.LOG_LEVEL,
    languages: own.RUNYARD_LANGUAGES ?? null,
    socketPath: own.RUNYARD_LAUNCHER_SOCKET,
    user: own.RUNYARD_LAUNCHER_USER ?? null,
    group: own.RUNYARD_LAUNCHER_GROUP ?? null,
    maxPlaces: own.RUNYARD_MAX_PLACES,
    maxMemoryBytes: own.RUNYARD_MAX_MEMORY_MIB * MIB,
    maxProcesses: own.RUNYARD_MAX_PROCESSES,
    maxCpuMilli: own.RUNYARD_MAX_CPU_MILLI,
    maxOutputBytes: own.RUNYARD_MAX_OUTPUT_MIB * MIB,
    ownerId: own.RUNYARD_LAUNCHER_OWNER ?? null,
    isStrict: own.RUNYARD_STRICT,
    hasLifeline: own.RUNYARD_LAUNCHER_LIFELINE,
    image: own.RUNYARD_LAUNCHER_IMAGE ?? null,
  };
}

function parseReadyImage(text: string): ReadyImage | null {
  try {
    return readyImage.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

function refuseImage(context: z.RefinementCtx<string>): never {
  context.addIssue({ code: 'custom', message: 'must be JSON of an image and its toolchains' });
  return z.NEVER;
}
