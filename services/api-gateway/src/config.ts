import { BlockList, isIP } from 'node:net';
import { type Env, field, parseEnv } from '@runyard/shared/config';
import { DEFAULT_EXEC_TIMEOUT_SEC, MAX_EXEC_TIMEOUT_SEC } from '@runyard/shared/domain';
import { z } from 'zod';

const KIB = 1024;
const MIB = 1024 * KIB;

export interface GatewayConfig {
  readonly host: string;
  /** 0: the system chooses. */
  readonly port: number;
  /** Where clients reach this server, without a slash at the end; null: where it listens. */
  readonly publicUrl: string | null;
  readonly bodyLimits: BodyLimits;
  /** Jobs waiting or running, over all languages; above it submissions are refused. */
  readonly queueLimit: number;
  /** Requests that may wait for a job at once; further ones are answered without waiting. */
  readonly maxWaiters: number;
  readonly linkLifeMs: number;
  readonly retentionMs: number;
  readonly execTimeoutSec: number;
}

export interface BodyLimits {
  readonly sourceBytes: number;
  readonly stdinBytes: number;
  /** The whole request body, after decompression. */
  readonly totalBytes: number;
  /** For a body to arrive. */
  readonly timeoutMs: number;
}

const schema = z
  .object({
    HOST: field.text().default('127.0.0.1'),
    PORT: field.integer({ min: 0, max: 65_535 }).default(8080),
    RUNYARD_ALLOW_ANONYMOUS: field.boolean().default(false),
    RUNYARD_PUBLIC_URL: field.text().transform(toBaseUrl).optional(),
    RUNYARD_MAX_SOURCE_BYTES: field.integer({ min: KIB, max: 8 * MIB }).default(256 * KIB),
    RUNYARD_MAX_STDIN_BYTES: field.integer({ min: KIB, max: 16 * MIB }).default(MIB),
    RUNYARD_MAX_BODY_BYTES: field.integer({ min: 4 * KIB, max: 64 * MIB }).default(10 * MIB),
    RUNYARD_BODY_TIMEOUT_SEC: field.integer({ min: 1, max: 300 }).default(20),
    RUNYARD_QUEUE_LIMIT: field.integer({ min: 1, max: 10_000_000 }).default(10_000),
    RUNYARD_MAX_WAITERS: field.integer({ min: 0, max: 100_000 }).default(1000),
    // The upper bound is that of S3's presigned links.
    RUNYARD_LINK_LIFE_SEC: field.integer({ min: 1, max: 7 * 24 * 3600 }).default(3600),
    RUNYARD_RETENTION_DAYS: field.integer({ min: 1, max: 3650 }).default(7),
    EXEC_TIMEOUT_SEC: field.integer({ min: 1, max: MAX_EXEC_TIMEOUT_SEC }).default(DEFAULT_EXEC_TIMEOUT_SEC),
  })
  .check((context) => {
    const env = context.value;
    const complain = (variable: string, message: string) => {
      context.issues.push({ code: 'custom', input: env, path: [variable], message });
    };
    if (!isLoopback(env.HOST) && !env.RUNYARD_ALLOW_ANONYMOUS) {
      complain(
        'HOST',
        'is reachable from other machines and this server has no API keys: set RUNYARD_ALLOW_ANONYMOUS=true to let anybody who reaches it run code, or use 127.0.0.1',
      );
    }
    for (const variable of ['RUNYARD_MAX_SOURCE_BYTES', 'RUNYARD_MAX_STDIN_BYTES'] as const) {
      if (env[variable] > env.RUNYARD_MAX_BODY_BYTES) complain(variable, 'must not be above RUNYARD_MAX_BODY_BYTES');
    }
  });

/** Throws ConfigError with all problems. */
export function loadConfig(env: Env): GatewayConfig {
  const values = parseEnv(schema, env);
  return {
    host: values.HOST,
    port: values.PORT,
    publicUrl: values.RUNYARD_PUBLIC_URL ?? null,
    bodyLimits: {
      sourceBytes: values.RUNYARD_MAX_SOURCE_BYTES,
      stdinBytes: values.RUNYARD_MAX_STDIN_BYTES,
      totalBytes: values.RUNYARD_MAX_BODY_BYTES,
      timeoutMs: values.RUNYARD_BODY_TIMEOUT_SEC * 1000,
    },
    queueLimit: values.RUNYARD_QUEUE_LIMIT,
    maxWaiters: values.RUNYARD_MAX_WAITERS,
    linkLifeMs: values.RUNYARD_LINK_LIFE_SEC * 1000,
    retentionMs: values.RUNYARD_RETENTION_DAYS * 24 * 3600 * 1000,
    execTimeoutSec: values.EXEC_TIMEOUT_SEC,
  };
}

function toBaseUrl(value: string, context: z.RefinementCtx): string {
  const url = URL.canParse(value) ? new URL(value) : null;
  const isBase =
    url !== null && /^https?:$/.test(url.protocol) && url.search + url.hash + url.username + url.password === '';
  if (!isBase) {
    context.addIssue({
      code: 'custom',
      message: 'must be an http or https URL without query, such as https://run.example.org',
    });
    return z.NEVER;
  }
  return url.href.replace(/\/+$/, '');
}

function isLoopback(host: string): boolean {
  const version = isIP(host);
  if (version === 0) return host.toLowerCase() === 'localhost';
  return LOOPBACK.check(host, version === 4 ? 'ipv4' : 'ipv6');
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');
