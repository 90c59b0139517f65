import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { LauncherFailure } from '../socket/launcher-failure.ts';
import { parseFirstLine } from './first-line.ts';
import { HostRefusal } from './host-refusal.ts';

export interface KeptProcessOptions {
  /** The keeper of `@runyard/sandbox/runtime-root`; null: nobody starts the program again. */
  readonly keeperPath: string | null;
  readonly program: string;
  readonly args: readonly string[];
  /** The whole of it. */
  readonly environment: Readonly<Record<string, string>>;
  readonly readyMs: number;
  readonly onDiagnostics: (line: string) => void;
  /** The program died and is back. */
  readonly onRestart?: () => void;
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;
type Facts = Readonly<Record<string, string>>;

/** A line of ours is short; the bound is for a broken one. */
const MAX_DIAGNOSTICS_CHARS = 2_000;

/**
 * A privileged program from its start to its end, with the keeper between (`sandbox/launcher/keeper.c`). It lives as long
 * as its stdin, the lifeline: this process needs no right over it to end it, and cannot die without ending it.
 */
export class KeptProcess {
  /** Says how the whole of it ended, as a sentence. Never rejects. */
  readonly exited: Promise<string>;
  readonly #child: Child;
  #facts: Facts;
  #restarts = 0;
  #hasExited = false;

  private constructor(child: Child, facts: Facts, exited: Promise<string>) {
    this.#child = child;
    this.#facts = facts;
    this.exited = exited;
    exited.then(
      () => (this.#hasExited = true),
      () => undefined,
    );
  }

  /** Throws HostRefusal when the program names what this host lacks, LauncherFailure for everything else. */
  static async start(options: KeptProcessOptions): Promise<KeptProcess> {
    const child = spawnChild(options);
    const exited = exitOf(child);
    forwardLines(child.stderr, options.onDiagnostics);
    const lines = createInterface({ input: child.stdout, crlfDelay: Infinity });
    try {
      const facts = await waitUntilReady(lines, exited, options.readyMs);
      const kept = new KeptProcess(child, facts, exited);
      lines.on('line', (line) => kept.#onLine(line, options));
      letNodeExit(child);
      return kept;
    } catch (error) {
      await stopChild(child, exited, 0);
      throw error;
    }
  }

  /** What it said when it was ready, the last time it was. */
  get facts(): Facts {
    return this.#facts;
  }

  get restarts(): number {
    return this.#restarts;
  }

  get isAlive(): boolean {
    return !this.#hasExited;
  }

  /** Ends the lifeline: the program cleans up. After `graceMs` what is a child of ours is killed, where we may. */
  async stop(graceMs: number): Promise<void> {
    await stopChild(this.#child, this.exited, graceMs);
  }

  #onLine(line: string, options: KeptProcessOptions): void {
    const news = parseFirstLine(line);
    if (news.kind === 'ready') {
      this.#facts = news.facts;
      this.#restarts += 1;
      options.onRestart?.();
    } else options.onDiagnostics(line.slice(0, MAX_DIAGNOSTICS_CHARS));
  }
}

/** A session of its own (detached): Ctrl-C in the terminal is for the server, which then closes in order. */
function spawnChild({ keeperPath, program, args, environment }: KeptProcessOptions): Child {
  const [command, words] = keeperPath === null ? [program, args] : [keeperPath, [program, ...args]];
  const child = spawn(command, words, { stdio: ['pipe', 'pipe', 'pipe'], detached: true, env: environment, cwd: '/' });
  // Errors of a pipe whose other end died; the exit tells the story.
  for (const stream of [child.stdin, child.stdout, child.stderr]) stream.on('error', () => undefined);
  // A kill that is not permitted any more; the lifeline must do.
  child.on('error', () => undefined);
  return child;
}

function exitOf(child: Child): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => {
      if (child.pid === undefined) resolve(`could not be started: ${error.message}`);
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

async function waitUntilReady(lines: Interface, exited: Promise<string>, readyMs: number): Promise<Facts> {
  const line = await firstLineOf(lines, exited, readyMs);
  const first = parseFirstLine(line);
  if (first.kind === 'refused') throw new HostRefusal(first.sentence);
  if (first.kind === 'nonsense')
    throw new LauncherFailure(`the launcher began with ${JSON.stringify(line.slice(0, 200))}`);
  return first.facts;
}

function firstLineOf(lines: Interface, exited: Promise<string>, readyMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
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
