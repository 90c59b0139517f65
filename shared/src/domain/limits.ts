/** What one step (compile or run) may use. Sizes in bytes, times in milliseconds. */
export interface StepLimits {
  /** Time on the clock, from the start of the step to the end of its main process. */
  readonly wallTimeMs: number;
  /** CPU time of all processes of the step together. */
  readonly cpuTimeMs: number;
  /** Memory of all processes and in-memory files of the step together. */
  readonly memoryBytes: number;
  /** stdout and stderr together. */
  readonly outputBytes: number;
  readonly processes: number;
  /** Largest single file. */
  readonly fileBytes: number;
  readonly openFiles: number;
  readonly stackBytes: number;
}
