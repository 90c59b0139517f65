import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const PROJECT_DIR = path.resolve(import.meta.dirname, '../..');
/** The first start of a machine builds the runtime root. */
const START_MS = 480_000;
/** Longer than any grace that tests give. */
const END_MS = 45_000;

export type ServiceName = 'api-gateway' | 'executor' | 'sweeper' | 'launcher';
export type Environment = Readonly<Record<string, string>>;

export interface ServiceUser {
  readonly uid: number;
  readonly gid: number;
}

export interface ServiceExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A line of a service's log. */
export type LogLine = Readonly<Record<string, unknown>>;

/** One service of a deployment as a child process. Its end is waited for, and forced when it does not come. */
export class ServiceProcess implements AsyncDisposable {
  readonly name: ServiceName;
  readonly exited: Promise<ServiceExit>;
  readonly #child: ChildProcess;
  #output = '';
  #errors = '';
  #isRunning = true;

  private constructor(name: ServiceName, env: Environment, user?: ServiceUser) {
    this.name = name;
    // What the test runner sets for its own workers is not for the service.
    const { NODE_OPTIONS: _options, NODE_ENV: _mode, ...inherited } = process.env;
    this.#child = spawn(process.execPath, [`services/${name}/src/main.ts`], {
      cwd: PROJECT_DIR,
      env: { ...inherited, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...user,
    });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.#output += text));
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.#errors += text));
    this.exited = new Promise((resolve) => {
      this.#child.once('close', (code, signal) => {
        this.#isRunning = false;
        resolve({ code, signal });
      });
    });
  }

  /** `user`: default that of the tests. Resolves when the service says that it is ready; rejects with all that it said when it ends before. */
  static async start(name: ServiceName, env: Environment, user?: ServiceUser): Promise<ServiceProcess> {
    const service = new ServiceProcess(name, env, user);
    try {
      await service.#ready();
      return service;
    } catch (error) {
      await service[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Starts a service that is expected to end by itself. */
  static async runToEnd(name: ServiceName, env: Environment): Promise<ServiceExit & { readonly said: string }> {
    await using service = new ServiceProcess(name, env);
    const exit = await service.exited;
    return { ...exit, said: service.said };
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error(`${this.name} could not be spawned`);
    return this.#child.pid;
  }

  /** Log and standard error so far. */
  get said(): string {
    return this.#output + this.#errors;
  }

  get lines(): readonly LogLine[] {
    return this.#output
      .split('\n')
      .filter((text) => text.startsWith('{') && text.endsWith('}'))
      .map((text) => JSON.parse(text) as LogLine);
  }

  /** Where it listens: for clients, or for operators. */
  get url(): string {
    const ready = this.lines.find((line) => line['msg'] === 'ready');
    return String(ready?.['url'] ?? ready?.['admin']);
  }

  /** The first line that matches, now or within the time. */
  line(matches: (line: LogLine) => boolean, withinMs = 30_000): Promise<LogLine> {
    return this.#until(() => this.lines.find((line) => matches(line)), withinMs);
  }

  /** The launcher's log is empty; it says `ready` to whoever started it. */
  async #ready(): Promise<void> {
    const isReady = (): true | undefined =>
      /^ready /m.test(this.#output) || this.lines.some((line) => line['msg'] === 'ready') || undefined;
    await this.#until(isReady, START_MS);
  }

  async #until<T>(find: () => T | undefined, withinMs: number): Promise<T> {
    const untilMs = performance.now() + withinMs;
    for (;;) {
      const found = find();
      if (found !== undefined) return found;
      if (!this.#isRunning) throw new Error(`${this.name} ended:\n${this.said}`);
      if (performance.now() > untilMs) throw new Error(`${this.name} did not say it in time:\n${this.said}`);
      await Promise.race([sleep(25), this.exited]);
    }
  }

  /** A counter of `/metrics`. */
  async counter(name: string): Promise<number> {
    const text = await (await fetch(`${this.url}/metrics`)).text();
    const value = new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1];
    if (value === undefined) throw new Error(`${this.name} has no counter ${name}`);
    return Number(value);
  }

  kill(signal: NodeJS.Signals): void {
    if (this.#isRunning) process.kill(this.pid, signal);
  }

  /** Sends a signal and waits for the end. */
  async end(signal: NodeJS.Signals): Promise<ServiceExit> {
    this.kill(signal);
    return this.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isRunning) return;
    this.kill('SIGTERM');
    const timer = setTimeout(() => this.kill('SIGKILL'), END_MS);
    await this.exited;
    clearTimeout(timer);
  }
}
