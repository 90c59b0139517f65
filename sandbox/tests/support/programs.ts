import type { CompilePlan, PlanFile, SandboxLimits, SandboxPlan, StepPlan } from '../../src/index.ts';

export const KIB = 1024;
export const MIB = 1024 * KIB;

/** Small enough that a program which must run into a limit does so soon. */
export const LIMITS: SandboxLimits = {
  wallTimeMs: 5000,
  cpuTimeMs: 4000,
  memoryBytes: 64 * MIB,
  outputBytes: 64 * KIB,
  processes: 32,
  fileBytes: 16 * MIB,
  openFiles: 64,
  stackBytes: 8 * MIB,
};

const COMPILE_LIMITS: SandboxLimits = {
  ...LIMITS,
  wallTimeMs: 20_000,
  cpuTimeMs: 20_000,
  memoryBytes: 512 * MIB,
  openFiles: 256,
};

export const ENV = { PATH: '/usr/local/bin:/usr/bin:/bin' };
export const NO_STDIN = new Uint8Array(0);

export interface RunOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: Uint8Array;
  readonly limits?: Partial<SandboxLimits>;
}

export function textFile(path: string, content: string, mode = 0o644): PlanFile {
  return { path, mode, content: Buffer.from(content) };
}

export function step(argv: readonly string[], options: RunOptions = {}): StepPlan {
  return {
    argv: [...argv, ...(options.args ?? [])],
    env: options.env ?? ENV,
    stdin: options.stdin ?? NO_STDIN,
    limits: { ...LIMITS, ...options.limits },
  };
}

/** A shell script; arguments are $1 and on. */
export function sh(script: string, options: RunOptions = {}): SandboxPlan {
  return { files: [], runs: [step(['/bin/sh', '-c', script, 'sh'], options)] };
}

export function python(source: string, options: RunOptions = {}): SandboxPlan {
  return { files: [textFile('main.py', source)], runs: [step(['python3', 'main.py'], options)] };
}

/** One compilation, as many runs as there are options. Common headers are there already. */
export function c(source: string, ...runs: readonly RunOptions[]): SandboxPlan {
  return {
    files: [textFile('main.c', `${HEADERS}\n${source}\n`)],
    compile: compile(['gcc', '-O0', '-w', '-pthread', 'main.c', '-o', 'main'], ['main']),
    runs: (runs.length === 0 ? [{}] : runs).map((options) => step(['/program/main'], options)),
  };
}

/** The body of a C `main(argc, argv)` that returns 0 when it does not return itself. */
export function cMain(body: string, ...runs: readonly RunOptions[]): SandboxPlan {
  return c(`int main(int argc, char **argv) {\n${body}\nreturn 0;\n}`, ...runs);
}

export function compile(
  argv: readonly string[],
  outputs: readonly string[],
  limits?: Partial<SandboxLimits>,
): CompilePlan {
  return { argv, env: ENV, stdin: NO_STDIN, limits: { ...COMPILE_LIMITS, ...limits }, outputs };
}

const HEADERS = [
  '#define _GNU_SOURCE',
  ...['errno', 'fcntl', 'pthread', 'signal', 'stdint', 'stdio', 'stdlib', 'string', 'time', 'unistd'].map(
    (name) => `#include <${name}.h>`,
  ),
  ...['mman', 'ptrace', 'resource', 'stat', 'syscall', 'time', 'wait'].map((name) => `#include <sys/${name}.h>`),
].join('\n');
