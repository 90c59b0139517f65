import type { JobLimits } from './limits.ts';
import type { FinalStatus, JobStatus } from './status.ts';
import type { Verdict } from './verdict.ts';

/** What the client sent, kept apart from the record so that polling never loads it. */
export interface JobSource {
  readonly code: string;
  /** stdin as submitted; `inputEncoding` says how to turn it into bytes. */
  readonly input: string;
  readonly inputEncoding: 'utf8' | 'base64';
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export interface CompileSummary {
  readonly verdict: Verdict;
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** What the compiler printed, decoded once, at most 64 KiB. */
  readonly output: string;
  readonly truncated: boolean;
  readonly wallTimeMs: number;
  readonly cpuTimeMs: number;
  readonly memoryBytes: number;
}

/** Where the time of a job went, in milliseconds; null where the part did not happen. */
export interface JobTimings {
  readonly queueMs: number;
  readonly sandboxMs: number;
  readonly compileMs: number | null;
  readonly runMs: number | null;
  readonly storeMs: number | null;
}

/** Everything that settling adds to a job. Numbers are null where the run step never started. */
export interface JobOutcome {
  readonly verdict: Verdict;
  readonly step: 'compile' | 'run' | null;
  readonly exitCode: number | null;
  /** Name of the signal that ended the main process (`SIGSEGV`), else null. */
  readonly signal: string | null;
  /** Null when completed; else the first 500 code points of stderr or a sentence of ours. */
  readonly error: string | null;
  /** First 500 code points of stdout, decoded once. */
  readonly stdoutPreview: string;
  readonly stderrPreview: string;
  /** URI of the combined output, or null without output. Authoritative: never rebuilt from the id. */
  readonly outputPath: string | null;
  readonly stdoutPath: string | null;
  readonly stderrPath: string | null;
  /** Bytes kept of the combined output. */
  readonly outputBytes: number;
  readonly truncated: boolean;
  readonly wallTimeMs: number | null;
  readonly cpuTimeMs: number | null;
  readonly memoryBytes: number | null;
  readonly memorySource: 'cgroup' | 'rss' | null;
  /** True when some process of the step was killed for memory though the main process was not. */
  readonly oomInChild: boolean;
  /** compile + run wall time, rounded, without storage. */
  readonly execDurationMs: number | null;
  readonly compile: CompileSummary | null;
  readonly timings: JobTimings | null;
}

interface JobBase {
  /** UUID text: v7, or v8 from an HMAC for keyed submissions. Not a secret. */
  readonly executionId: string;
  /** Tenant. `anonymous` on a server without keys. */
  readonly ownerId: string;
  /** Free label of the client's own user, echoed. */
  readonly userId: string | null;
  readonly language: string;
  /** Limits that the job runs under, defaults filled in. */
  readonly limits: JobLimits;
  readonly metadata: Readonly<Record<string, unknown>> | null;
  /** SHA-256 of the canonical submission, hex; tells a replay from a mismatch. */
  readonly requestHash: string;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  /** When the record and its outputs may be removed (retention). */
  readonly expiresAtMs: number;
  /** Claims so far. The fencing number: only the claim with this number may renew or settle. */
  readonly attempt: number;
}

export interface QueuedJob extends JobBase {
  readonly status: 'queued';
}

export interface RunningJob extends JobBase {
  readonly status: 'running';
  /** First claim. */
  readonly startedAtMs: number;
  readonly worker: string;
  readonly leaseUntilMs: number;
}

export interface FinalJob extends JobBase {
  readonly status: FinalStatus;
  /** Null when the job never ran (cancelled or expired in the queue). */
  readonly startedAtMs: number | null;
  readonly completedAtMs: number;
  readonly outcome: JobOutcome;
}

export type Job = QueuedJob | RunningJob | FinalJob;

export type { JobStatus };
