import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SandboxPlan, SandboxReport, StepReport, StepUsage } from '../src/index.ts';
import { startTestSandbox, type TestSandbox } from '../src/testing/index.ts';
import { AGREEMENT_PLANS } from './support/agreement-plans.ts';
import { DIFFERENCES } from './support/differences.ts';
import { c, MIB, python } from './support/programs.ts';
import { nothingLeft, stdoutOf } from './support/use-sandbox.ts';

/*
 * Same plan in, same report out, whichever launcher runs it: endings, output and failures are equal; what is measured is
 * equal within these tolerances. `memorySource` and the peak of processes may differ (see support/differences.ts).
 */

/** Absolute part for what starts and ends a process, relative part for other load on the machine. */
const TOLERANCE = {
  cpuTimeMs: { absolute: 40, relative: 0.35 },
  wallTimeMs: { absolute: 250, relative: 0.5 },
  /** The launchers start PID 1 in different ways, and pages of shared files are counted for whom reads them first. */
  memoryBytes: { absolute: 3 * 1024 * 1024, relative: 0.1 },
} as const satisfies Partial<Record<keyof StepUsage, { absolute: number; relative: number }>>;

/**
 * Pages of programs that several processes share: `rss` counts them, `cgroup` does not; and a compiler has so many of them that
 * it matters who read them from disk first, which each launcher does from a file system of its own.
 */
const SHARED_BYTES = 16 * MIB;

/** Of a program whose measures differ. */
const REPEATS = 5;

/** At the same time, on each launcher. */
const PARALLEL = 2;

let native: TestSandbox;
let docker: TestSandbox;

beforeAll(async () => {
  native = await startTestSandbox({ launcher: 'native' });
  docker = await startTestSandbox({ launcher: 'docker' });
  // Who reads the compiler from disk first is charged for it.
  for (const { sandbox } of [native, docker]) await sandbox.run(c('int main() { return 0; }'));
});

afterAll(async () => {
  for (const it of [native, docker]) {
    await nothingLeft(it.ownerId);
    await it[Symbol.asyncDispose]();
  }
});

test('there are a hundred programs', () => {
  expect(AGREEMENT_PLANS.length).toBeGreaterThanOrEqual(100);
  expect(new Set(AGREEMENT_PLANS.map(({ name }) => name)).size).toBe(AGREEMENT_PLANS.length);
});

test('both launchers tell the same of a hundred programs', async () => {
  const ofNative = await runAll(native);
  const ofDocker = await runAll(docker);
  expect(comparable(ofDocker)).toEqual(comparable(ofNative));
  const gaps = AGREEMENT_PLANS.map(({ name }, index) => usageGaps(name, ofNative[index], ofDocker[index]));
  // Other load may lengthen any one of them: what differs for good differs again and again.
  for (const [index, { plan, name }] of AGREEMENT_PLANS.entries()) {
    for (let left = REPEATS; left > 0 && gaps[index]?.length !== 0; left -= 1)
      gaps[index] = usageGaps(name, await native.sandbox.run(plan), await docker.sandbox.run(plan));
  }
  expect(gaps.flat()).toEqual([]);
});

test('a name for the machine itself is there with one of them', async () => {
  const names = `
import socket
def ask(name):
  try: return socket.gethostbyname(name)
  except OSError as e: return e.strerror
print(ask('127.0.0.1'), ask('localhost'))`;
  const stdout = async ({ sandbox }: TestSandbox) => ({ stdout: stdoutOf((await sandbox.run(python(names))).runs[0]) });
  expect(await stdout(native)).toEqual(DIFFERENCES.localhost.native);
  expect(await stdout(docker)).toEqual(DIFFERENCES.localhost.docker);
});

async function runAll(it: TestSandbox): Promise<readonly SandboxReport[]> {
  const reports: SandboxReport[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < AGREEMENT_PLANS.length; index = next++)
      reports[index] = await it.sandbox.run((AGREEMENT_PLANS[index] as { plan: SandboxPlan }).plan);
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
  return reports;
}

/** By name of the program. */
function comparable(reports: readonly SandboxReport[]): Record<string, unknown> {
  return Object.fromEntries(reports.map((report, index) => [AGREEMENT_PLANS[index]?.name, comparableOf(report)]));
}

/** Everything of a report but what is measured. */
function comparableOf(report: SandboxReport): unknown {
  return {
    failure: report.failure,
    compile: report.compile && comparableStep(report.compile),
    runs: report.runs.map(comparableStep),
  };
}

/** The compiler names its own files as it likes. */
function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes)
    .toString('latin1')
    .replaceAll(/\/tmp\/cc\w+/g, '/tmp/cc');
}

function comparableStep({ ending, oomInChild, output }: StepReport): unknown {
  // The order of the two streams is best effort: what both hold is compared, not how they interleave.
  const combinedBytes = output.combined.length;
  return {
    ending,
    oomInChild,
    stdout: textOf(output.stdout),
    stderr: textOf(output.stderr),
    combinedBytes,
    truncated: output.truncated,
  };
}

function stepsOf(report: SandboxReport | undefined): readonly (StepReport | null | undefined)[] {
  return [report?.compile, ...(report?.runs ?? [])];
}

function usageGaps(name: string, one: SandboxReport | undefined, other: SandboxReport | undefined): string[] {
  return stepsOf(one).flatMap((step, index) => {
    const usage = stepsOf(other)[index]?.usage;
    if (!step || !usage || step.ending.kind === 'not_started') return [];
    const isCompile = index === 0 && Boolean(one?.compile);
    return Object.entries(TOLERANCE).flatMap(([key, { absolute: least, relative }]) => {
      const isOtherMeasure = isCompile || usage.memorySource !== step.usage.memorySource;
      const absolute = isOtherMeasure && key === 'memoryBytes' ? SHARED_BYTES : least;
      const [a, b] = [step.usage[key as keyof typeof TOLERANCE], usage[key as keyof typeof TOLERANCE]];
      const isNear = Math.abs(a - b) <= absolute + relative * Math.max(a, b);
      return isNear ? [] : [`${name}, step ${index}: ${key} native ${a}, docker ${b}`];
    });
  });
}
