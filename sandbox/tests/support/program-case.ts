import { expect, test } from 'vitest';
import type { SandboxPlan, StepReport } from '../../src/index.ts';
import { endingOf, onlyRun, stderrOf, stdoutOf, type SandboxUser } from './use-sandbox.ts';

/** From the wall limit to the death, on a machine with much else to do. */
const KILLED_WITHIN_MS = 5000;

/** A program and what must come of it. What is not named is not looked at. */
export interface ProgramCase {
  readonly name: string;
  readonly plan: SandboxPlan;
  /** As `endingOf` writes it; several where both are right. */
  readonly ends: string | readonly string[];
  readonly stdout?: string | RegExp;
  readonly stderr?: string | RegExp;
  /** Further facts about the run, and what they must be. */
  readonly facts?: readonly [of: (run: StepReport) => unknown, are: unknown];
}

export function testPrograms(user: SandboxUser, cases: readonly ProgramCase[]): void {
  test.each(cases)('$name', async ({ plan, ends, stdout, stderr, facts }) => {
    const run = onlyRun(await user.run(plan));
    const found = { ends: endingOf(run), stdout: stdoutOf(run), stderr: stderrOf(run) };
    expect(found).toEqual({
      ends: expect.toBeOneOf([ends].flat()) as unknown,
      stdout: rightText(found.stdout, stdout),
      stderr: rightText(found.stderr, stderr),
    });
    // One that exited was within its wall limit, else it has another ending.
    expect(run.usage.wallTimeMs).toBeLessThanOrEqual((plan.runs[0]?.limits.wallTimeMs ?? 0) + KILLED_WITHIN_MS);
    expect(facts?.[0](run)).toEqual(facts?.[1]);
  });
}

/** What is found where it is right, else what should have been. */
function rightText(found: string, expected: string | RegExp | undefined): string {
  if (expected === undefined || typeof expected === 'string') return expected ?? found;
  return expected.test(found) ? found : String(expected);
}

/** For `toSatisfy`: shows the number when it fails. */
export function between(least: number, most: number): (value: number) => boolean {
  return (value) => value >= least && value <= most;
}
