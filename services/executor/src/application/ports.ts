import type { SandboxPlan, SandboxReport } from '@runyard/sandbox';

/** What the executor needs of a sandbox. `@runyard/sandbox` conforms; tests use a fake. */
export interface Sandbox {
  /** Never rejects for what the program did; aborting `signal` kills the program. Bounded by the plan's limits plus a margin. */
  run(plan: SandboxPlan, signal?: AbortSignal): Promise<SandboxReport>;
}
