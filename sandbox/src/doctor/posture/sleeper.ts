import { randomInt } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SandboxLimits } from '../../plan.ts';
import type { Sandbox } from '../../sandbox.ts';
import type { PlaceProcesses } from './observe.ts';

const MIB = 1024 * 1024;
/** Part of the reviewed values: a place for these is what is looked at. */
const LIMITS: SandboxLimits = {
  wallTimeMs: 30_000,
  cpuTimeMs: 10_000,
  memoryBytes: 64 * MIB,
  outputBytes: MIB,
  processes: 32,
  fileBytes: 16 * MIB,
  openFiles: 64,
  stackBytes: 8 * MIB,
};
const START_MS = 20_000;
const POLL_MS = 10;

/** No place could be looked at; the message says why. */
class PostureError extends Error {
  override readonly name = 'PostureError';
}

/**
 * Runs a program that sleeps in a fresh place and hands its processes to `look` while it does; then ends it. `find` tells
 * them by a text in the program's arguments that nothing else on the host has. Throws PostureError.
 */
export async function withSleeper<T>(
  sandbox: Sandbox,
  find: (token: string) => Promise<PlaceProcesses | null> | PlaceProcesses | null,
  look: (processes: PlaceProcesses) => Promise<T> | T,
): Promise<T> {
  const ending = new AbortController();
  // `sleep` takes the sum of its arguments.
  const token = `0.${randomInt(1e12, 9e12)}`;
  const step = {
    argv: ['sleep', '600', token],
    env: { PATH: '/usr/bin:/bin' },
    stdin: new Uint8Array(0),
    limits: LIMITS,
  };
  const ended = new AbortController();
  const running = sandbox.run({ files: [], runs: [step] }, ending.signal).finally(() => ended.abort());
  try {
    const untilMs = performance.now() + START_MS;
    while (performance.now() < untilMs && !ended.signal.aborted) {
      const processes = await find(token);
      if (processes !== null) return await look(processes);
      await sleep(POLL_MS);
    }
    if (!ended.signal.aborted) throw new PostureError('the process of the trial was not found on this host');
    const { failure, runs } = await running;
    throw new PostureError(`the trial ended at once: ${failure?.message ?? JSON.stringify(runs[0]?.ending)}`);
  } finally {
    ending.abort();
    await running.catch(() => undefined);
  }
}

/** Through the host's /proc: for all runtimes that share the host's kernel. */
export function findOnHost(token: string): PlaceProcesses | null {
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const words = read(`/proc/${name}/cmdline`).split('\0');
    if (!words[0]?.endsWith('sleep') || !words.includes(token)) continue;
    const pid1 = Number(/^PPid:\s+(\d+)$/m.exec(read(`/proc/${name}/status`))?.[1] ?? 0);
    // The lowest number inside its own namespace: our supervisor and nothing between.
    if (/^NSpid:.*\t1$/m.test(read(`/proc/${pid1}/status`))) return { pid1, step: Number(name) };
  }
  return null;
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
