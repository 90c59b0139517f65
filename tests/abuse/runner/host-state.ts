/** What the operator of the host sees at one moment. */
export interface HostState {
  readonly atMs: number;
  /** `MemAvailable` of /proc/meminfo. */
  readonly availableBytes: number;
  /** Processes and threads of the whole host. */
  readonly tasks: number;
  /** Free space of the file system that holds the server's data folder. */
  readonly diskFreeBytes: number;
  /** Of the server's own process: resident memory, CPU time since its start, open descriptors. */
  readonly serverRssBytes: number;
  readonly serverCpuMs: number;
  readonly serverDescriptors: number;
  /** Control groups of the server's sandboxes. */
  readonly places: readonly string[];
}
