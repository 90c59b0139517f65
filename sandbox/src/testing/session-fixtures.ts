/** Plans and shorthands of the session's own unit tests. */
import type { Duplex } from 'node:stream';
import { expect } from 'vitest';
import type { Launcher, SandboxPlan, SandboxReport } from '../index.ts';
import { SupervisedSandbox } from '../index.ts';
import { FakeLauncher, type Script } from './fake-launcher.ts';
import type { FakeSupervisor } from './fake-supervisor.ts';

export const LIMITS = {
  wallTimeMs: 1000,
  cpuTimeMs: 900,
  memoryBytes: 64 << 20,
  outputBytes: 100,
  processes: 8,
  fileBytes: 1 << 20,
  openFiles: 64,
  stackBytes: 8 << 20,
};
export const NOTHING = new Uint8Array(0);
export const RUN = { argv: ['/bin/prog', 'a b'], env: { PATH: '/bin', LANG: 'C' }, stdin: NOTHING, limits: LIMITS };
export const SOURCE = { path: 'main.c', mode: 0o644, content: Buffer.from('int x;') };
export const PLAN: SandboxPlan = { files: [SOURCE], runs: [RUN] };
export const COMPILED: SandboxPlan = {
  files: [SOURCE],
  compile: { ...RUN, argv: ['cc'], outputs: ['main'], limits: { ...LIMITS, memoryBytes: 128 << 20, processes: 4 } },
  runs: [RUN],
};
export const SHORT = { openMs: 50, stepMs: 0, netMs: 0, endingMs: 50 };

/** Every promise of a run must settle; the test's own limit is far above the margins given here. */
export async function run(
  script: Script,
  plan: SandboxPlan = PLAN,
  signal?: AbortSignal,
): Promise<SandboxReport & { readonly launcher: FakeLauncher }> {
  const launcher = new FakeLauncher(script);
  const limits = { ...LIMITS, wallTimeMs: 100 };
  const short = {
    ...plan,
    runs: plan.runs.map((step) => ({ ...step, limits: { ...limits, ...step.limits, wallTimeMs: 100 } })),
  };
  const report = await new SupervisedSandbox(launcher, { margins: SHORT }).run(short, signal);
  expect(launcher.scriptErrors).toEqual([]);
  return { ...report, launcher };
}

export function text(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString();
}

export function kinds(report: SandboxReport): unknown {
  return {
    compile: report.compile?.ending.kind,
    runs: report.runs.map((step) => step.ending.kind),
    failure: report.failure?.reason,
  };
}

export function greetThen(act: (pid1: FakeSupervisor) => void): Script {
  return async (pid1) => {
    await pid1.greet();
    act(pid1);
  };
}

export function launcherOf(open: () => Promise<Duplex>): Launcher {
  return {
    name: 'native',
    open: async () => {
      const stream = await open();
      return { stream, [Symbol.asyncDispose]: () => Promise.resolve(void stream.destroy()) };
    },
    describe: () => ({}),
    close: () => Promise.resolve(),
  };
}
