/** What to run. Pure data: expected outputs, checkers and secrets are never part of it. */
export interface SandboxPlan {
  /** Files placed in /box before each step that runs from sources. Paths are relative, without `.` or `..` parts. */
  readonly files: readonly PlanFile[];
  /** When present and not ended with exit 0, the run steps do not happen. */
  readonly compile?: CompilePlan;
  /** At least one. Each starts in a wiped /box. */
  readonly runs: readonly StepPlan[];
}

export interface PlanFile {
  readonly path: string;
  readonly mode: number;
  readonly content: Uint8Array;
}

export interface StepPlan {
  /** Looked up in the PATH of `env` when argv[0] has no slash. */
  readonly argv: readonly string[];
  /** The whole environment: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: Uint8Array;
  readonly limits: SandboxLimits;
}

export interface CompilePlan extends StepPlan {
  /** Glob patterns (`*`, `?`) of names in /box that become /program, root-owned and read-only, for the run steps. */
  readonly outputs: readonly string[];
}

/** Limits of one step. The sandbox knows nothing of jobs, so the type is its own; the fields mean what `StepLimits` says. */
export interface SandboxLimits {
  readonly wallTimeMs: number;
  readonly cpuTimeMs: number;
  readonly memoryBytes: number;
  /** stdout and stderr together: exactly the first `outputBytes` are kept, one byte more is `output_limit`. */
  readonly outputBytes: number;
  readonly processes: number;
  readonly fileBytes: number;
  readonly openFiles: number;
  readonly stackBytes: number;
}
