import { setTimeout as sleep } from 'node:timers/promises';
import type { SandboxPlan, SandboxReport } from '@runyard/sandbox';
import type { Sandbox } from './ports.ts';

/**
 * Waits between launches that failed before the program began. Such a launch costs the job nothing, so it is repeated
 * under the same claim: a launcher that needs some seconds to come back does not eat up the attempts of its jobs, and the
 * slot stays taken meanwhile, so that no more jobs are claimed in vain.
 */
const RELAUNCH_DELAYS_MS = [100, 300, 1_000, 3_000, 5_000] as const;

/** Runs the plan; launches again while the place itself could not be made. Ends early when `signal` aborts. */
export async function runInSandbox(
  sandbox: Sandbox,
  plan: SandboxPlan,
  { signal, delaysMs = RELAUNCH_DELAYS_MS }: { signal: AbortSignal; delaysMs?: readonly number[] },
): Promise<SandboxReport> {
  for (const delayMs of delaysMs) {
    const report = await sandbox.run(plan, signal);
    if (report.failure?.reason !== 'launch_failed' || signal.aborted) return report;
    try {
      await sleep(delayMs, undefined, { signal });
    } catch {
      return report;
    }
  }
  return sandbox.run(plan, signal);
}
