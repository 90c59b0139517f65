import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { parseFirstLine } from './first-line.ts';
import { LauncherFailure } from '../socket/launcher-failure.ts';
import { HostRefusal } from './host-refusal.ts';

export interface LauncherProcessOptions {
  readonly launcherPath: string;
  readonly supervisorPath: string;
  readonly rootDir: string;
  readonly stateDir: string;
  /** 8 lower-case hex digits. */
  readonly ownerId: string;
  readonly readyMs: number;
  readonly onDiagnostics: (line: string) => void;
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/** A line of the launcher or of a supervisor is ours and short; the bound is for a broken one. */
const MAX_DIAGNOSTICS_CHARS = 2_000;

/** One launcher daemon from spawn to exit. Theory of operation: `sandbox/launcher/main.c`. */
export class LauncherProcess {
  readonly socketPath: string;
  readonly facts: Readonly<Record<string, string>>;
  /** Says how it ended, as a sentence. Never rejects. */
  readonly exited: Promise<string>;
  readonly #child: Child;
  #hasExited = false;

  private constructor(
    child: Child,
    socketPath: string,
    facts: Readonly<Record<string, string>>,
    exited: Promise<string>,
  ) {
    this.#child = child;
    this.socketPath = socketPath;
    this.facts = facts;
    this.exited = exited;
    exited.then(
      () => (this.#hasExited = true),
      () => undefined,
    );
  }

  /** Throws HostRefusal when the launcher names what this host lacks, LauncherFailure for everything else. */
  static async start(options: LauncherProcessOptions): Promise<LauncherProcess> {
    const socketPath = path.join(options.stateDir, `${options.ownerId}.sock`);
    await mkdir(options.stateDir, { recursive: true, mode: 0o700 });
    const child = spawnLauncher(options, socketPath);
    const exited = exitOf(child);
    forwardLines(child.stderr, options.onDiagnostics);
    try {
      const facts = await waitUntilReady(child, exited, options.readyMs);
      letNodeExit(child);
      return new LauncherProcess(child, socketPath, facts, exited);
    } catch (error) {
      await stopChild(child, exited, 0);
      throw error;
    }
  }

  get isAlive(): boolean {
    return !this.#hasExited;
  }

  /** For tests and logs. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Ends the lifeline: the launcher kills every sandbox and cleans up. After `graceMs` it is killed itself. */
  async stop(graceMs: number): Promise<void> {
    await stopChild(this.#child, this.exited, graceMs);
  }
}

/** A session of its own (detached): Ctrl-C in the terminal is for Node, which then closes in order. */
function spawnLauncher(options: LauncherProcessOptions, socketPath: string): Child {
  const args = ['--socket', socketPath, '--root', options.rootDir, '--supervisor', options.supervisorPath];
  args.push('--state-dir', options.stateDir, '--owner', options.ownerId);
  const child = spawn(options.launcherPath, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
    env: {},
    cwd: '/',
  });
  // Errors of a pipe whose other end died; the exit tells the story.
  for (const stream of [child.stdin, child.stdout, child.stderr]) stream.on('error', () => undefined);
  return child;
}

function exitOf(child: Child): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => {
      resolve(`could not be started: ${error.message}`);
    });
    child.once('exit', (code, signal) => {
      resolve(signal === null ? `ended with exit code ${String(code)}` : `was killed by ${signal}`);
    });
  });
}

function forwardLines(stream: Readable, onLine: (line: string) => void): void {
  const lines = createInterface({ input: stream, crlfDelay: Infinity });
  lines.on('line', (line) => {
    onLine(line.slice(0, MAX_DIAGNOSTICS_CHARS));
  });
}

async function waitUntilReady(
  child: Child,
  exited: Promise<string>,
  readyMs: number,
): Promise<Readonly<Record<string, string>>> {
  const line = await firstLineOf(child, exited, readyMs);
  const first = parseFirstLine(line);
  if (first.kind === 'refused') throw new HostRefusal(first.sentence);
  if (first.kind === 'nonsense')
    throw new LauncherFailure(`the launcher began with ${JSON.stringify(line.slice(0, 200))}`);
  return first.facts;
}

function firstLineOf(child: Child, exited: Promise<string>, readyMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const lines = createInterface({ input: child.stdout, crlfDelay: Infinity });
    const timer = setTimeout(() => {
      reject(new LauncherFailure(`the launcher was not ready within ${readyMs} ms`));
    }, readyMs);
    lines.once('line', (line) => {
      clearTimeout(timer);
      resolve(line);
    });
    // A refusal and the exit come together: the line, if there is one, must win. `close` comes after the last line.
    lines.once('close', () => {
      clearTimeout(timer);
      exited.then(
        (how) => {
          reject(new LauncherFailure(`the launcher ${how} before it was ready`));
        },
        () => undefined,
      );
    });
  });
}

/** An open launcher is no reason to keep a program alive: when it exits, the lifeline ends. */
function letNodeExit(child: Child): void {
  child.unref();
  for (const stream of [child.stdin, child.stdout, child.stderr]) {
    if ('unref' in stream && typeof stream.unref === 'function') stream.unref();
  }
}

async function stopChild(child: Child, exited: Promise<string>, graceMs: number): Promise<void> {
  child.stdin.destroy();
  const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
  await exited;
  clearTimeout(timer);
}
