import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, vi } from 'vitest';
import type { SandboxPlan, SandboxReport, StepReport, SupervisedSandboxOptions } from '../../src/index.ts';
import { startTestSandbox, type TestSandbox } from '../../src/testing/index.ts';

const CONTROLLERS = ['memory', 'pids', 'cpu', 'cpuacct'];

/**
 * A real sandbox for the tests of one file. After the last, nothing of it may be left on the host: no process, no control
 * group, no word of trouble from the launcher.
 */
export function useSandbox(options: SupervisedSandboxOptions = {}): SandboxUser {
  let started: TestSandbox | undefined;
  const test = (): TestSandbox => {
    if (started === undefined) throw new Error('the sandbox is there from beforeAll on');
    return started;
  };

  beforeAll(async () => {
    started = await startTestSandbox(options);
  });

  afterAll(async () => {
    const { ownerId, diagnostics } = test();
    await nothingLeft(ownerId);
    await test()[Symbol.asyncDispose]();
    expect(leftovers(ownerId)).toEqual([]);
    expect(diagnostics).toEqual([]);
  });

  return { test, run: (plan, signal) => test().sandbox.run(plan, signal) };
}

export interface SandboxUser {
  test(): TestSandbox;
  run(plan: SandboxPlan, signal?: AbortSignal): Promise<SandboxReport>;
}

/** Places go a moment after their END. */
export async function nothingLeft(ownerId: string): Promise<void> {
  await vi.waitFor(() => expect(leftovers(ownerId)).toEqual([]), { timeout: 5000 });
}

/** Control groups of the owner's places and the processes in them. */
export function leftovers(ownerId: string): string[] {
  return placesOf(ownerId).flatMap((folder) => [
    folder,
    ...processesIn(folder).map((pid) => `${folder}: process ${pid}`),
  ]);
}

export function placesOf(ownerId: string): string[] {
  return CONTROLLERS.flatMap((controller) => {
    const parents = ['runyard', 'runyard-docker'].map((name) => `/sys/fs/cgroup/${controller}/${name}`);
    return parents.flatMap((parent) => {
      const names = safely(() => readdirSync(parent), []);
      return names.filter((name) => name.startsWith(`${ownerId}.`)).map((name) => `${parent}/${name}`);
    });
  });
}

/** Those in the groups below it too. */
export function processesIn(folder: string): number[] {
  const text = safely(() => readFileSync(`${folder}/cgroup.procs`, 'utf8'), '');
  const groups = safely(() => readdirSync(folder, { withFileTypes: true }), []).filter((entry) => entry.isDirectory());
  const below = groups.flatMap((entry) => processesIn(`${folder}/${entry.name}`));
  return [...text.split('\n').filter(Boolean).map(Number), ...below];
}

/** Groups come and go while they are looked at. */
function safely<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}

/** `exited 0`, `signalled SIGSEGV`, `wall_limit`, `exited 0 +oom`. */
export function endingOf(step: StepReport | null | undefined): string {
  if (!step) return 'no report';
  const { ending } = step;
  const detail = 'exitCode' in ending ? ` ${ending.exitCode}` : 'signal' in ending ? ` ${ending.signal}` : '';
  return `${ending.kind}${detail}${step.oomInChild ? ' +oom' : ''}`;
}

export function stdoutOf(step: StepReport | null | undefined): string {
  return Buffer.from(step?.output.stdout ?? []).toString();
}

export function stderrOf(step: StepReport | null | undefined): string {
  return Buffer.from(step?.output.stderr ?? []).toString();
}

/** The only run of a report that must be without failure; a compile step must have gone well. */
export function onlyRun(report: SandboxReport): StepReport {
  expect(report.failure).toBeNull();
  if (report.compile !== null) expect([endingOf(report.compile), stderrOf(report.compile)]).toEqual(['exited 0', '']);
  expect(report.runs).toHaveLength(1);
  const [run] = report.runs;
  if (run === undefined) throw new Error('no run');
  return run;
}
