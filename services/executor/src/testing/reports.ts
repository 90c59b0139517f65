/** Builders of reports for tests: a program that printed this and ended so. */
import type { SandboxReport, StepEnding, StepReport } from '@runyard/sandbox';
import { DEFAULT_COMPILE_LIMITS, DEFAULT_RUN_LIMITS, type JobLimits } from '@runyard/shared/domain';

export const LIMITS: JobLimits = { run: DEFAULT_RUN_LIMITS, compile: DEFAULT_COMPILE_LIMITS };

export function step(
  ending: StepEnding,
  { stdout = '', stderr = '', ...rest }: { stdout?: string; stderr?: string } & Partial<StepReport> = {},
): StepReport {
  const out = Buffer.from(stdout);
  const err = Buffer.from(stderr);
  return {
    ending,
    usage: { wallTimeMs: 12.4, cpuTimeMs: 8.6, memoryBytes: 1_000_000, memorySource: 'cgroup', processesPeak: 1 },
    output: { combined: Buffer.concat([out, err]), stdout: out, stderr: err, truncated: false },
    oomInChild: false,
    ...rest,
  };
}

export function report(parts: Partial<SandboxReport> = {}): SandboxReport {
  return { compile: null, runs: [], failure: null, timings: { openMs: 1, totalMs: 30 }, ...parts };
}

export function hello(): SandboxReport {
  return report({ runs: [step({ kind: 'exited', exitCode: 0 }, { stdout: 'hello\n' })] });
}
