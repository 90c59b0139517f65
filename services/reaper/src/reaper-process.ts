import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { engineEnvironment } from '@runyard/sandbox/docker';

const MAIN = path.resolve(import.meta.dirname, 'main.ts');
const READY_MS = 30_000;
const STOP_MS = 5_000;

export interface ReaperProcessOptions {
  /** Of this process: what leads to the engine is handed on. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Of the docker launcher whose containers it shall see to the end of. */
  readonly ownerId: string;
  readonly logLevel?: string;
  /** Its log, a JSON line each. Not inherited: it may outlive this process and must not hold its pipes. */
  readonly onLog: (line: string) => void;
}

export interface ReaperProcess {
  readonly pid: number;
  /** Says how it ended, as a sentence. Never rejects. */
  readonly exited: Promise<string>;
  /** Ends it at once: for a server that has removed its containers itself. */
  stop(): Promise<void>;
}

/**
 * Starts the reaper as a process of its own, in a session of its own; its standard input is a pipe of this process, so it
 * notices whatever way this one ends. Resolves after its first sweep. Rejects when that does not come within 30 s.
 */
export async function startReaperProcess(options: ReaperProcessOptions): Promise<ReaperProcess> {
  const child = spawn(process.execPath, [MAIN], {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
    cwd: '/',
    env: {
      ...engineEnvironment(options.environment),
      RUNYARD_REAPER_OWNER: options.ownerId,
      LOG_LEVEL: options.logLevel ?? 'warn',
    },
  });
  const exited = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`could not be started: ${error.message}`));
    child.once('exit', (code, signal) =>
      resolve(signal === null ? `ended with ${String(code)}` : `killed by ${signal}`),
    );
  });
  // A server that has given up root may not signal it any more.
  child.on('error', () => undefined);
  for (const stream of [child.stdin, child.stdout, child.stderr]) stream.on('error', () => undefined);
  createInterface({ input: child.stderr }).on('line', options.onLog);
  try {
    await untilReady(child, exited);
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
  // It is no reason to keep this process alive: when this one ends, the pipe does.
  child.unref();
  for (const stream of [child.stdin, child.stdout, child.stderr])
    if ('unref' in stream && typeof stream.unref === 'function') stream.unref();
  return { pid: child.pid ?? 0, exited, stop: () => stopChild(child, exited) };
}

async function untilReady(child: ChildProcess, exited: Promise<string>): Promise<void> {
  const patience = new AbortController();
  const ready = new Promise<null>((resolve) => child.stdout?.once('data', () => resolve(null)));
  const late = sleep(READY_MS, 'did not finish its first sweep', { signal: patience.signal, ref: false });
  const trouble = await Promise.race([ready, exited, late]).finally(() => patience.abort());
  if (trouble !== null) throw new Error(`the reaper ${trouble}`);
}

async function stopChild(child: ChildProcess, exited: Promise<string>): Promise<void> {
  const force = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  child.stdin?.end('stop\n');
  await Promise.race([exited, sleep(2 * STOP_MS, undefined, { ref: false })]);
  clearTimeout(force);
}
