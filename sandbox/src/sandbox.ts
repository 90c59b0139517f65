import type { Duplex } from 'node:stream';
import type { SandboxLimits, SandboxPlan } from './plan.ts';
import type { SandboxReport } from './report.ts';

export interface Sandbox {
  /**
   * Runs the plan in a fresh place that is destroyed afterwards. Aborting `signal` kills the step: its ending is `cancelled`.
   * Never rejects for what the program did; our own failures are `report.failure`. Bounded by the plan's limits plus a margin.
   */
  run(plan: SandboxPlan, signal?: AbortSignal): Promise<SandboxReport>;
}

/** What a place must offer: the maximum over the plan's steps. */
export interface PlaceLimits {
  readonly memoryBytes: number;
  readonly processes: number;
  /** CPU quota in thousandths of a core. */
  readonly cpuMilli: number;
  /** After this the launcher kills the place whatever PID 1 does. */
  readonly deadlineMs: number;
}

/** A launcher makes one fresh place and hands out the byte stream to its PID 1 (protocol: `sandbox/PROTOCOL.md`). */
export interface Launcher {
  readonly name: 'native' | 'docker';
  open(limits: PlaceLimits, signal?: AbortSignal): Promise<Place>;
  /** Facts for `/version` and the doctor, such as the engine's version. */
  describe(): Readonly<Record<string, string>>;
  /** Kills what is left and releases everything; open places end. Idempotent. */
  close(): Promise<void>;
}

/** What the user's earlier steps left (the compiled program, say) is larger than the memory limit of the next. */
export class NoRoomError extends Error {
  override readonly name = 'NoRoomError';
}

export interface Place extends AsyncDisposable {
  /** Duplex to PID 1. The launcher's END frame (or one that the launcher client synthesises) is its last. */
  readonly stream: Duplex;
  /**
   * Called before GO of each step where PID 1 cannot set the cgroup by itself (docker). Throws NoRoomError when what earlier
   * steps left in memory does not fit into the limit of this one, anything else when the limits cannot be set.
   */
  prepareStep?(limits: SandboxLimits): Promise<void>;
}
