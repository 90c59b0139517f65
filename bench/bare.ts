import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A program for the bare runner: the same commands and environment that the sandbox uses. */
export interface BareCase {
  readonly sourceFile: string;
  readonly code: string;
  readonly compile: { readonly argv: readonly string[]; readonly outputs: readonly string[] } | null;
  readonly run: { readonly argv: readonly string[] };
  readonly env: Readonly<Record<string, string>>;
}

/** Own mount namespace with scratch space on /box and /program, so that the runtime root stays as it is. */
const ENTER_ROOT = `
mount --make-rprivate /
mount -t tmpfs tmpfs "$1/box"
mount -t tmpfs tmpfs "$1/program"
mount -t tmpfs tmpfs "$1/tmp"
mount --rbind /dev "$1/dev"
mount -t proc proc "$1/proc"
printf '%s' "$2" > "$1/tmp/bare.py"
exec chroot "$1" python3 /tmp/bare.py`;

/** The reference runner (`bare.py`) inside the runtime root. One request at a time. */
export class BareRunner implements AsyncDisposable {
  readonly #child;
  readonly #lines;

  constructor(rootDir: string) {
    const script = readFileSync(join(import.meta.dirname, 'bare.py'), 'utf8');
    this.#child = spawn('unshare', ['--mount', 'sh', '-e', '-c', ENTER_ROOT, 'sh', rootDir, script], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** Milliseconds from the start of the first process to the end of the last. */
  async latencyMs(program: BareCase): Promise<number> {
    return ((await this.#ask({ op: 'latency', case: program })) as { ms: number }).ms;
  }

  /** Processes per second with `parallel` in flight for `seconds`. */
  async rate(program: BareCase, parallel: number, seconds: number): Promise<number> {
    return ((await this.#ask({ op: 'rate', case: program, parallel, seconds })) as { perSecond: number }).perSecond;
  }

  async #ask(request: unknown): Promise<unknown> {
    this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    const line = await this.#lines.next();
    if (line.done === true) throw new Error('the bare runner ended');
    return JSON.parse(line.value);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#child.once('close', resolve));
    this.#child.stdin.end();
    await closed;
  }
}
