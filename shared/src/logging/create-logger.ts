/**
 * JSON lines by pino, one per event. Rules for what goes in: sizes and hashes, never source, stdin, output, environment or tokens.
 * The names below are removed wherever they stand at the top or one level down, in case somebody forgets.
 */
import { pino, type DestinationStream, type Logger as PinoLogger } from 'pino';
import { serializeError } from './serialize-error.ts';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export type Logger = PinoLogger;

const NEVER_LOGGED = [
  'code',
  'source',
  'input',
  'stdin',
  'output',
  'stdout',
  'stderr',
  'stdoutPreview',
  'stderrPreview',
  'env',
  'args',
  'authorization',
  'cookie',
  'secret',
  'token',
];

export interface LoggerOptions {
  readonly service: string;
  readonly version: string;
  readonly level?: LogLevel;
  /** Fields of every line. */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** Default: standard output, written at once, so that a crash loses no line. */
  readonly destination?: DestinationStream;
}

/** Children (`logger.child({ executionId, language, attempt })`) keep the same rules. An error goes under `err`. */
export function createLogger(options: LoggerOptions): Logger {
  return pino(
    {
      level: options.level ?? 'info',
      base: { service: options.service, version: options.version, ...options.fields },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: serializeError, error: serializeError },
      redact: { paths: NEVER_LOGGED.flatMap((name) => [name, `*.${name}`]), remove: true },
    },
    options.destination ?? pino.destination({ fd: 1, sync: true }),
  );
}

/** For tests and for parts that get no logger. */
export function silentLogger(): Logger {
  return pino({ level: 'silent' });
}
