import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const TICK_MS = 10; // USER_HZ is 100 on every Linux that Node runs on.
const READY_URL = /https?:\/\/127\.0\.0\.1:\d+/;

/** A standalone server of its own: a free port, a data folder that goes away with it. */
export class Server implements AsyncDisposable {
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #dataDir: string;

  private constructor(url: string, child: ChildProcess, dataDir: string) {
    this.url = url;
    this.#child = child;
    this.#dataDir = dataDir;
  }

  static async start(env: Readonly<Record<string, string>>): Promise<Server> {
    const dataDir = mkdtempSync(join(tmpdir(), 'runyard-bench-'));
    const child = spawn(process.execPath, ['services/standalone/src/main.ts'], {
      env: {
        ...process.env,
        HOST: '127.0.0.1',
        PORT: '0',
        RUNYARD_DATA_DIR: dataDir,
        LOG_LEVEL: 'warn',
        RUNYARD_SANDBOX: 'native',
        ...env,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    for await (const line of createInterface({ input: child.stdout })) {
      const url = READY_URL.exec(line)?.[0];
      if (url === undefined) continue;
      child.stdout.resume();
      return new Server(url, child, dataDir);
    }
    rmSync(dataDir, { recursive: true, force: true });
    throw new Error('the server ended before it was ready');
  }

  /** CPU time of the Node process so far, in milliseconds (10 ms steps). */
  cpuMs(): number {
    const stat = readFileSync(`/proc/${this.#child.pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
  }

  residentMiB(): number {
    const line = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${this.#child.pid}/status`, 'utf8'));
    return Number(line?.[1] ?? 0) / 1024;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#child.once('close', resolve));
    this.#child.kill('SIGTERM');
    await closed;
    rmSync(this.#dataDir, { recursive: true, force: true });
  }
}
