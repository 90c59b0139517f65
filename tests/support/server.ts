import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from './client.ts';

const MAIN = path.resolve(import.meta.dirname, '../../services/standalone/src/main.ts');
export const PROJECT_DIR = path.resolve(import.meta.dirname, '../..');
/** The first start of a machine builds the runtime root. */
const START_MS = 480_000;

const TEST_ENVIRONMENT = { HOST: '127.0.0.1', PORT: '0', LOG_LEVEL: 'warn', RUNYARD_SANDBOX: 'native' };

export interface ServerOptions {
  /** Default: a new one, removed with the server. */
  readonly dataDir?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** How to start it, in place of this Node and the main program of this checkout. */
  readonly command?: readonly [string, ...string[]];
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A real server as a child process on a free port, with a data folder of its own and the machine's shared cache. */
export class TestServer implements AsyncDisposable {
  readonly url: string;
  readonly client: Client;
  readonly dataDir: string;
  /** Resolves when the process has ended. */
  readonly exited: Promise<Exit>;
  readonly #process: ServerProcess;
  readonly #ownsDataDir: boolean;

  /** Resolves at the ready line; rejects with all output when the server ends before it. */
  static async start(options: ServerOptions = {}): Promise<TestServer> {
    const dataDir = options.dataDir ?? makeDataDir();
    const started = new ServerProcess(dataDir, options.env ?? {}, options.command);
    const url = await started.readyUrl();
    return new TestServer(started, url, dataDir, options.dataDir === undefined);
  }

  private constructor(started: ServerProcess, url: string, dataDir: string, ownsDataDir: boolean) {
    this.#process = started;
    this.#ownsDataDir = ownsDataDir;
    this.url = url;
    this.client = new Client(url);
    this.dataDir = dataDir;
    this.exited = started.exited;
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** What it has written to stdout and stderr so far. */
  get output(): string {
    return this.#process.output;
  }

  /** Sends a signal and waits for the end. */
  async end(signal: NodeJS.Signals): Promise<Exit> {
    process.kill(this.pid, signal);
    return this.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.isRunning) await this.end('SIGTERM');
    if (this.#ownsDataDir) rmSync(this.dataDir, { recursive: true, force: true });
  }
}

/** Starts a server that is expected to refuse, and tells how. */
export async function startAndEnd(options: ServerOptions): Promise<Exit & { readonly output: string }> {
  const started = new ServerProcess(options.dataDir ?? '/nonexistent', options.env ?? {}, options.command);
  const exit = await started.exited;
  return { ...exit, output: started.output };
}

/** Starts a server and kills it after a time, wherever it is then. */
export async function startAndKill(dataDir: string, afterMs: number): Promise<void> {
  const started = new ServerProcess(dataDir, {});
  await Promise.race([sleep(afterMs), started.exited]);
  if (started.isRunning) process.kill(started.pid, 'SIGKILL');
  await started.exited;
}

export function makeDataDir(): string {
  return mkdtempSync(path.join(tmpdir(), 'runyard-test-'));
}

class ServerProcess {
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  #output = '';
  #isRunning = true;

  constructor(
    dataDir: string,
    env: Readonly<Record<string, string>>,
    [program, ...args]: readonly [string, ...string[]] = [process.execPath, MAIN],
  ) {
    // What the test runner sets for its own workers is not for the server.
    const { NODE_OPTIONS: _options, NODE_ENV: _mode, ...inherited } = process.env;
    this.#child = spawn(program, args, {
      cwd: PROJECT_DIR,
      // Never an engine that happens to run on this machine.
      env: { ...inherited, ...TEST_ENVIRONMENT, RUNYARD_DATA_DIR: dataDir, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (this.#output += text));
    }
    this.exited = new Promise((resolve) => {
      this.#child.once('close', (code, signal) => {
        this.#isRunning = false;
        resolve({ code, signal });
      });
    });
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error('the server could not be spawned');
    return this.#child.pid;
  }

  get output(): string {
    return this.#output;
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** The address of the ready lines: the `curl` line is the last one. */
  readyUrl(): Promise<string> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => fail('was not ready in time'), START_MS);
      const fail = (reason: string): void => {
        clearTimeout(timer);
        this.#child.kill('SIGKILL');
        reject(new Error(`the server ${reason}:\n${this.#output}`));
      };
      this.#child.stdout?.on('data', () => {
        const ready = /^(http:\/\/\S+)\ncurl .*\n/m.exec(this.#output);
        if (ready?.[1] === undefined) return;
        clearTimeout(timer);
        resolve(ready[1]);
      });
      void this.exited.then(({ code }) => fail(`ended with exit code ${code}`));
    });
  }
}
