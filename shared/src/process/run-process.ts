import { constants } from 'node:os';
import { StartupError } from '../errors/index.ts';
import { LanguageDefinitionError } from '../languages/index.ts';

/** Signals that ask a server to end. HUP: its terminal was closed. */
const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** One Ctrl-C can arrive twice, from the terminal and from npm: what follows so soon is the same wish. */
const SAME_WISH_MS = 500;

export interface RunningServer {
  /** Ends everything in order; resolves when nothing of it runs any more. */
  stop(): Promise<void>;
  /** Rejects when the server cannot go on: it is ended in order and the process exits with 1. */
  readonly failed?: Promise<never>;
}

/**
 * Runs a server as this process: the first signal to stop ends it in order, the second at once. What keeps it from starting
 * is told in the words of its error on stderr, with exit code 78 when the operator has to change something.
 */
export async function runProcess(
  start: (signal: AbortSignal) => Promise<RunningServer>,
  say: (line: string) => void,
): Promise<never> {
  // Whoever reads our lines may go; the server stays.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  const starting = new AbortController();
  const stopping = stopSignals((signal) => {
    say('Stopping; running jobs finish first. Once more ends them at once.');
    starting.abort(new Error(`stopped by ${signal}`));
  });
  try {
    const server = await start(starting.signal);
    const failure = await untilEnd(server, stopping);
    await server.stop();
    if (failure !== null && !starting.signal.aborted) throw failure.error;
    say('Stopped.');
  } catch (error) {
    if (!starting.signal.aborted) {
      process.stderr.write(`${describe(error)}\n`);
      process.exit(exitCodeOf(error));
    }
  }
  process.exit(0);
}

/** Null when the server was asked to stop; else why it cannot go on. */
async function untilEnd(server: RunningServer, stopping: Promise<void>): Promise<{ error: unknown } | null> {
  const stopped = stopping.then(() => null);
  if (server.failed === undefined) return stopped;
  return Promise.race([stopped, server.failed.catch((error: unknown) => ({ error }))]);
}

/** Resolves at the first signal; the second one ends the process with the exit code that shells expect. */
function stopSignals(onFirst: (signal: NodeJS.Signals) => void): Promise<void> {
  return new Promise((resolve) => {
    let firstAtMs: number | null = null;
    for (const signal of STOP_SIGNALS) {
      process.on(signal, () => {
        const nowMs = performance.now();
        if (firstAtMs === null) {
          firstAtMs = nowMs;
          onFirst(signal);
          resolve();
        } else if (nowMs - firstAtMs > SAME_WISH_MS) process.exit(128 + constants.signals[signal]);
      });
    }
  });
}

function describe(error: unknown): string {
  if (isForOperator(error)) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function exitCodeOf(error: unknown): number {
  return isForOperator(error) ? StartupError.exitCode : 1;
}

/** Errors whose message says what to do; of all others the stack helps more. */
function isForOperator(error: unknown): error is Error {
  return error instanceof StartupError || error instanceof LanguageDefinitionError;
}
