/** The frames of `sandbox/PROTOCOL.md` as data. Texts are UTF-8 on the wire; numbers of 64 bits are safe integers here. */

export type HostFrame =
  | OpenFrame
  | { readonly type: 'helloHost'; readonly deadlineMs: number }
  | StepFrame
  | FileFrame
  | { readonly type: 'go'; readonly step: number; readonly isLast: boolean }
  | { readonly type: 'stdin'; readonly step: number; readonly data: Uint8Array }
  | { readonly type: 'stdinEnd'; readonly step: number }
  | { readonly type: 'cancel'; readonly step: number };

export interface OpenFrame {
  readonly type: 'open';
  readonly memoryBytes: number;
  readonly boxBytes: number;
  readonly tmpBytes: number;
  readonly shmBytes: number;
  readonly programBytes: number;
  readonly boxInodes: number;
  readonly processes: number;
  readonly cpuMilli: number;
  readonly deadlineMs: number;
}

export interface StepFrame {
  readonly type: 'step';
  readonly step: number;
  readonly isCompile: boolean;
  readonly argv: readonly string[];
  /** `NAME=value` each. */
  readonly env: readonly string[];
  readonly wallTimeMs: number;
  readonly cpuTimeMs: number;
  readonly memoryBytes: number;
  readonly outputBytes: number;
  readonly fileBytes: number;
  readonly stackBytes: number;
  readonly processes: number;
  readonly openFiles: number;
  readonly patterns: readonly string[];
}

export interface FileFrame {
  readonly type: 'file';
  readonly step: number;
  readonly isAppend: boolean;
  readonly path: string;
  readonly mode: number;
  readonly data: Uint8Array;
}

export type SandboxFrame =
  | { readonly type: 'helloSandbox' }
  | { readonly type: 'ready' }
  | { readonly type: 'stdout'; readonly step: number; readonly data: Uint8Array }
  | { readonly type: 'stderr'; readonly step: number; readonly data: Uint8Array }
  | StdinCreditFrame
  | StepExitFrame
  | ArtifactFrame
  | { readonly type: 'done' }
  | { readonly type: 'error'; readonly code: number; readonly message: string }
  | EndFrame
  | { readonly type: 'launchError'; readonly errno: number; readonly message: string };

export interface StdinCreditFrame {
  readonly type: 'stdinCredit';
  readonly step: number;
  readonly isClosed: boolean;
  readonly bytes: number;
}

/** What PID 1 saw of a step. */
export interface StepExitFrame {
  readonly type: 'stepExit';
  readonly step: number;
  readonly kind: 'exited' | 'signalled' | 'not_started';
  readonly killReason: 'none' | 'output' | 'wall' | 'cpu' | 'cancel';
  readonly memorySource: 'cgroup' | 'rss';
  readonly artifactError: 'none' | 'no_match' | 'no_room' | 'unreadable';
  /** Exit code, signal number, or errno of the failed start. */
  readonly value: number;
  readonly wallUs: number;
  readonly cpuUs: number;
  readonly memoryPeakBytes: number;
  readonly oomKills: number;
  readonly stdoutBytes: number;
  readonly stderrBytes: number;
  /** 0 = unknown. */
  readonly processesPeak: number;
  readonly isTruncated: boolean;
  readonly artifactCount: number;
  readonly artifactBytes: number;
}

export interface ArtifactFrame {
  readonly type: 'artifact';
  readonly step: number;
  readonly isAppend: boolean;
  readonly name: string;
  readonly mode: number;
  readonly data: Uint8Array;
}

/** What the launcher saw of the place as a whole, read after PID 1's death. */
export interface EndFrame {
  readonly type: 'end';
  readonly waitStatus: number;
  readonly oomKills: number;
  readonly memoryPeakBytes: number;
  readonly cpuUs: number;
  readonly pidsPeak: number;
  readonly cause: 'self' | 'deadline' | 'hang_up' | 'closing';
}

/** Texts of the numbered fields, by number. */
export const CODES = {
  kind: [null, 'exited', 'signalled', 'not_started'],
  killReason: ['none', 'output', 'wall', 'cpu', 'cancel'],
  memorySource: [null, 'cgroup', 'rss'],
  artifactError: ['none', 'no_match', 'no_room', 'unreadable'],
  cause: ['self', 'deadline', 'hang_up', 'closing'],
} as const;
