import { createConnection, type Socket } from 'node:net';
import type { Place } from '../sandbox.ts';
import { LauncherFailure } from './host-refusal.ts';

/** One connection to the launcher, which is one sandbox. A full hang-up kills it; so disposing is destroying the stream. */
export class NativePlace implements Place {
  readonly stream: Socket;

  private constructor(stream: Socket) {
    this.stream = stream;
  }

  /** Sends OPEN as soon as it is connected. What goes wrong later comes as LAUNCH_ERROR on the stream. */
  static async open(socketPath: string, openFrame: Uint8Array, signal?: AbortSignal): Promise<NativePlace> {
    const stream = await connect(socketPath, signal);
    stream.write(openFrame);
    return new NativePlace(stream);
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

/** Half open: PID 1 may still have to answer when the host has said all, and END comes after PID 1 has. */
function connect(socketPath: string, signal: AbortSignal | undefined): Promise<Socket> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const stream = createConnection({ path: socketPath, allowHalfOpen: true });
    const onAbort = (): void => {
      stream.destroy(new LauncherFailure('opening a sandbox was aborted'));
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    stream.once('connect', () => {
      signal?.removeEventListener('abort', onAbort);
      resolve(stream);
    });
    // Stays after the connection is made: an error with nobody listening yet must not end the process.
    stream.on('error', (error) => {
      signal?.removeEventListener('abort', onAbort);
      reject(new LauncherFailure(`no connection to the launcher: ${error.message}`, { cause: error }));
    });
  });
}
