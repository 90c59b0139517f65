import { expect, test } from 'vitest';
import type { SandboxPlan, StepReport } from '../../src/index.ts';
import { endingOf, onlyRun, stderrOf, stdoutOf, type SandboxUser } from './use-sandbox.ts';

/** A program and what must come of it. What is not named is not looked at. */
export interface ProgramCase {
  readonly name: string;
  readonly plan: SandboxPlan;
  /** As `endingOf` writes it; several where both are right. */
  readonly ends: string | readonly string[];
  readonly stdout?: string | RegExp;
  readonly stderr?: string | RegExp;
  /** The program must be over so soon after its start. Default: its wall limit + 500 ms. */
  readonly withinMs?: number;
  readonly check?: (run: StepReport) => void;
}

export function testPrograms(user: SandboxUser, cases: readonly ProgramCase[]): void {
  test.each(cases)('$name', async ({ plan, ends, stdout, stderr, withinMs, check }) => {
    const run = onlyRun(await user.run(plan));
    const told = `${endingOf(run)}\n${stdoutOf(run).slice(0, 500)}\n${stderrOf(run).slice(0, 500)}`;
    expect([ends].flat(), told).toContain(endingOf(run));
    if (stdout !== undefined) expectText(stdoutOf(run), stdout);
    if (stderr !== undefined) expectText(stderrOf(run), stderr);
    const wallLimitMs = plan.runs[0]?.limits.wallTimeMs ?? 0;
    expect(run.usage.wallTimeMs).toBeLessThanOrEqual(withinMs ?? wallLimitMs + 500);
    check?.(run);
  });
}

function expectText(found: string, expected: string | RegExp): void {
  if (typeof expected === 'string') expect(found).toBe(expected);
  else expect(found).toMatch(expected);
}
