import { createConnection, type Socket } from 'node:net';
import type { Place } from '../sandbox.ts';
import { LauncherFailure } from './launcher-failure.ts';

/** One connection to the launcher, which is one sandbox. A full hang-up kills it; so disposing is destroying the stream. */
export class SocketPlace implements Place {
  readonly stream: Socket;

  private constructor(stream: Socket) {
    this.stream = stream;
  }

  /** Sends OPEN as soon as it is connected. What goes wrong later comes as LAUNCH_ERROR on the stream. */
  static async open(socketPath: string, openFrame: Uint8Array, signal: AbortSignal): Promise<SocketPlace> {
    const stream = await connectLauncher(socketPath, signal);
    stream.write(openFrame);
    return new SocketPlace(stream);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.stream.closed) return;
    await new Promise<void>((resolve) => {
      this.stream.once('close', () => {
        resolve();
      });
      this.stream.destroy();
    });
  }
}

/** Nobody listens there now: a launcher that is being started again, or none. */
const NOBODY: ReadonlySet<string> = new Set(['ENOENT', 'ECONNREFUSED']);
const RETRY_FIRST_MS = 10;
const RETRY_MOST_MS = 200;

/**
 * Tries again while nobody listens, until `signal` aborts: a launcher that died is back within a second.
 * Throws LauncherFailure.
 */
export async function connectLauncher(socketPath: string, signal: AbortSignal): Promise<Socket> {
  for (let pauseMs = RETRY_FIRST_MS; ; pauseMs = Math.min(2 * pauseMs, RETRY_MOST_MS)) {
    try {
      return await connectOnce(socketPath, signal);
    } catch (error) {
      if (signal.aborted || !isNobody(error)) throw failureOf(socketPath, error);
      if (!(await pause(pauseMs, signal))) throw failureOf(socketPath, error);
    }
  }
}

/** Half open: PID 1 may still have to answer when the host has said all, and END comes after PID 1 has. */
function connectOnce(socketPath: string, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(new LauncherFailure('opening a sandbox was aborted'));
    const stream = createConnection({ path: socketPath, allowHalfOpen: true });
    const onAbort = (): void => {
      stream.destroy(new LauncherFailure('opening a sandbox was aborted'));
    };
    signal.addEventListener('abort', onAbort, { once: true });
    stream.once('connect', () => {
      signal.removeEventListener('abort', onAbort);
      resolve(stream);
    });
    // Stays after the connection is made: an error with nobody listening yet must not end the process.
    stream.on('error', (error) => {
      signal.removeEventListener('abort', onAbort);
      reject(error);
    });
  });
}

/** Whether the time passed without an abort. */
function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const onAbort = (): void => {
      clearTimeout(timer);
      resolve(false);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort);
      resolve(true);
    }, ms);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

function isNobody(error: unknown): boolean {
  return error instanceof Error && 'code' in error && NOBODY.has(String(error.code));
}

function failureOf(socketPath: string, error: unknown): LauncherFailure {
  if (error instanceof LauncherFailure) return error;
  const why = error instanceof Error ? error.message : String(error);
  return new LauncherFailure(`no connection to the launcher at ${socketPath}: ${why}`, { cause: error });
}
