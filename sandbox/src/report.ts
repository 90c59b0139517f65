/** What happened. A user's program can only ever produce a report, never an exception. */
export interface SandboxReport {
  readonly compile: StepReport | null;
  /** One per run step that was started; empty when the compile step failed or the sandbox did. */
  readonly runs: readonly StepReport[];
  /** Why the machinery (not the program) ended the sandbox early, else null. Then steps that have no report did not end. */
  readonly failure: SandboxFailure | null;
  readonly timings: { readonly openMs: number; readonly totalMs: number };
}

export interface StepReport {
  readonly ending: StepEnding;
  readonly usage: StepUsage;
  readonly output: StepOutput;
  /** The kernel killed a process of the step for memory, but the main process ended otherwise. */
  readonly oomInChild: boolean;
}

/** How a step ended, from evidence (theory in `ending.ts`). The first reason to act wins and is never overwritten. */
export type StepEnding =
  | { readonly kind: 'exited'; readonly exitCode: number }
  | { readonly kind: 'signalled'; readonly signal: string; readonly signalNumber: number }
  | { readonly kind: 'cpu_limit' }
  | { readonly kind: 'wall_limit' }
  | { readonly kind: 'memory_limit' }
  | { readonly kind: 'output_limit' }
  | { readonly kind: 'cancelled' }
  /** The program could not be started or gave nothing to start (user's doing: not executable, no compiler output). */
  | { readonly kind: 'not_started'; readonly message: string };

export interface StepUsage {
  readonly wallTimeMs: number;
  readonly cpuTimeMs: number;
  readonly memoryBytes: number;
  readonly memorySource: 'cgroup' | 'rss';
  readonly processesPeak: number | null;
}

export interface StepOutput {
  /** Both streams in the order in which PID 1 read them: each stream exact, their relative order best effort. */
  readonly combined: Uint8Array;
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
  readonly truncated: boolean;
}

export interface SandboxFailure {
  readonly reason: 'launch_failed' | 'protocol' | 'deadline' | 'supervisor_lost';
  /** For operators; never shown to clients. */
  readonly message: string;
}
