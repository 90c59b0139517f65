import { spawn } from 'node:child_process';
import { canMakeRoots } from './can-make-roots.ts';
import { RuntimeRootError } from './runtime-root-error.ts';

/**
 * Children of a build run in their own mount and pid namespace, tied to this process: when it dies, in whatever way, the
 * kernel kills the whole tree of them and their mounts are gone. So nothing of a dead builder can still write into, or be
 * mounted below, a folder that the next one removes.
 */
const NAMESPACES = [
  'setpriv',
  '--pdeathsig=KILL',
  'unshare',
  '--mount',
  '--pid',
  '--fork',
  '--kill-child',
  '--mount-proc',
  '--',
];

/** Whatever the server's own mask is, what is made here is for the eyes of every uid of the sandbox. */
const OWN_MASK = ['sh', '-c', 'umask 022 && exec "$@"', 'sh'];

/** Without the right to them there are no namespaces to be had; what is made then is a folder of npm packages. */
const ISOLATED = canMakeRoots() ? [...NAMESPACES, ...OWN_MASK] : OWN_MASK;

const KEPT_LINES = 20;
const KEPT_ERRORS = 5;
const KEPT_STDOUT_CHARACTERS = 4 * 1024 * 1024;

export interface CommandOptions {
  /** What the command does, for the error: `installing packages`. */
  readonly task: string;
  /** The whole environment. */
  readonly environment: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly onLine?: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
}

export interface CommandOutput {
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs to the end. Throws RuntimeRootError with the last lines printed when the exit code is not 0. */
export function runCommand(argv: readonly string[], options: CommandOptions): Promise<CommandOutput> {
  if (options.signal?.aborted) return Promise.reject(abortedWhile(options.task));
  return new Promise((resolve, reject) => {
    const [program = '', ...args] = [...ISOLATED, ...argv];
    const child = spawn(program, args, {
      env: { ...options.environment },
      cwd: options.cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const tail = new LineTail(options.onLine);
    const stdout = collect(child.stdout, tail);
    const stderr = collect(child.stderr, tail);
    const abort = () => child.kill('SIGKILL');
    options.signal?.addEventListener('abort', abort, { once: true });
    child.once('error', (error) => {
      options.signal?.removeEventListener('abort', abort);
      reject(new RuntimeRootError('missing_tool', `${options.task} needs ${program}: ${error.message}`));
    });
    child.once('close', (code, signal) => {
      options.signal?.removeEventListener('abort', abort);
      if (options.signal?.aborted) reject(abortedWhile(options.task));
      else if (code === 0) resolve({ stdout: stdout(), stderr: stderr() });
      else reject(failed(argv, options.task, signal ?? `exit code ${String(code)}`, tail.lines));
    });
  });
}

function abortedWhile(task: string): RuntimeRootError {
  return new RuntimeRootError('aborted', `stopped while ${task}`);
}

function failed(argv: readonly string[], task: string, ending: string, lines: readonly string[]): RuntimeRootError {
  const words = [`${task} failed (${argv[0] ?? ''}: ${ending})`, ...lines.map((line) => `  ${line}`)];
  return new RuntimeRootError('build_failed', words.join('\n'));
}

function collect(stream: NodeJS.ReadableStream, tail: LineTail): () => string {
  let text = '';
  let open = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    if (text.length < KEPT_STDOUT_CHARACTERS) text += chunk;
    const lines = (open + chunk).split(/[\r\n]+/);
    open = (lines.pop() ?? '').slice(-4096);
    for (const line of lines) tail.add(line);
  });
  stream.on('end', () => tail.add(open));
  return () => text;
}

/** The last lines, and before them the first ones that speak of an error: a long tail of clean-up may follow the cause. */
class LineTail {
  readonly #first: string[] = [];
  readonly #last: string[] = [];
  readonly #listener: ((line: string) => void) | undefined;

  constructor(listener: ((line: string) => void) | undefined) {
    this.#listener = listener;
  }

  get lines(): readonly string[] {
    return [...this.#first.filter((line) => !this.#last.includes(line)), ...this.#last];
  }

  add(line: string): void {
    if (line.trim() === '') return;
    if (this.#first.length < KEPT_ERRORS && /^E: |\berror\b/i.test(line)) this.#first.push(line);
    this.#last.push(line);
    if (this.#last.length > KEPT_LINES) this.#last.shift();
    this.#listener?.(line);
  }
}
