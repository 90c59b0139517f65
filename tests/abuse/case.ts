import type { Submission, WireJob } from '../support/client.ts';
import type { CanaryRecord } from './runner/canary.ts';
import type { HostState } from './runner/host-state.ts';

/**
 * An abuse case is data: what a hostile client does, and what must come of it. The runner performs the acts one after the
 * other over HTTP, with the canary around them, and compares. A case never looks into the product: what it can check is what
 * clients see and what `/proc`, `/sys` and the engine tell the operator of the host.
 */
export interface AbuseCase {
  /** As in the list of cases: R1 … R20, E1 …, L1 …, O1 …, P1 …, T1 …, I1 …, C1 …, A1 … */
  readonly id: string;
  readonly title: string;
  /** `fast`: also in the run of every change, native only. All cases are in the full run. */
  readonly tags: readonly Tag[];
  /** What must come of it, in words, for the report. */
  readonly expected: string;
  /** One after the other. All must be as expected. */
  readonly acts: readonly Act[];
  /** Afterwards, over everything that was seen. */
  readonly checks?: readonly Check[];
  /** Variables of a server of its own; default: the server that all cases share. */
  readonly serverEnv?: Readonly<Record<string, string>>;
  /** Where it cannot be run, and why: about the kernel, the engine or the runtime, never about our code. */
  readonly cannotRun?: Partial<Record<LauncherName, string>>;
  /** Where the outcome differs by decision. What then happens is asserted as well: the members given here replace those above. */
  readonly deviates?: Partial<Record<LauncherName, Deviation>>;
}

export type Tag = 'fast' | 'full';
export type LauncherName = 'native' | 'docker' | 'runsc';

interface Deviation {
  /** What differs, why that is accepted, and what bounds the damage. */
  readonly decision: string;
  readonly expected?: string;
  readonly acts?: readonly Act[];
  readonly checks?: readonly Check[];
}

export type Act = JobAct | TogetherAct | HttpAct | RawAct | ScriptAct;

/** One program, submitted and waited for. */
export interface JobAct {
  /** For messages, when a case has several. */
  readonly name?: string;
  readonly job: Submission;
  readonly expect: JobExpectation;
}

/** Submitted at once. As many as the server has slots (two) run at the same time. */
interface TogetherAct {
  readonly name?: string;
  readonly together: readonly JobAct[];
}

/** A request by a well-behaved HTTP client, without redirects. */
export interface HttpAct {
  readonly name?: string;
  readonly http: HttpRequest;
  readonly expect: AnswerExpectation;
}

export interface HttpRequest {
  /** Default GET. */
  readonly method?: string;
  /** Starts with a slash; sent as it is. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** Bytes on a TCP connection, for what no HTTP client sends. Ends with the first complete answer, or when the server closes. */
export interface RawAct {
  readonly name?: string;
  readonly raw: readonly (string | Uint8Array | Pause)[];
  readonly expect: AnswerExpectation;
  /** Default 60 s; then the act fails. */
  readonly deadlineMs?: number;
}

interface Pause {
  readonly pauseMs: number;
}

/** Anything else. Returns what is wrong, in words; empty: as expected. Jobs and answers that it gets through `world` are seen by checks. */
interface ScriptAct {
  readonly name?: string;
  readonly script: (world: World) => Promise<readonly string[]>;
}

type Verdict =
  | 'ok'
  | 'compile_error'
  | 'runtime_error'
  | 'signalled'
  | 'time_limit'
  | 'wall_time_limit'
  | 'memory_limit'
  | 'output_limit'
  | 'cancelled'
  | 'expired';

/** Only what is named is compared. `internal_error` is never expected, so it cannot be named. */
export interface JobExpectation {
  readonly verdicts: readonly Verdict[];
  readonly step?: 'compile' | 'run';
  readonly exitCode?: number | readonly number[];
  readonly signal?: string;
  /** The whole stream, not the preview. */
  readonly stdout?: BytesExpectation;
  readonly stderr?: BytesExpectation;
  /** Both streams as stored. */
  readonly combined?: BytesExpectation;
  readonly compileOutput?: BytesExpectation;
  readonly error?: RegExp | null;
  readonly oomInChild?: boolean;
  readonly truncated?: boolean;
  readonly outputBytes?: Range;
  readonly memoryBytes?: Range;
  readonly cpuTimeMs?: Range;
  readonly wallTimeMs?: Range;
  /**
   * Most milliseconds from the limit that the verdict names (of CPU time, of the clock) to the end; for the other verdicts from
   * the start of the step. A cap which proves that something ended it, generous because a loaded machine of two cores must pass it
   * too; what was measured stands in the report.
   */
  readonly killWithinMs?: number;
  /** More, in code: what is wrong, or empty. */
  readonly faults?: (job: SeenJob) => readonly string[];
}

/** Text is compared exactly, as UTF-8; bytes too. */
export type BytesExpectation = string | RegExp | Uint8Array;

/** Both ends included; each may be left out. */
export interface Range {
  readonly min?: number;
  readonly max?: number;
}

export interface AnswerExpectation {
  /** One of these; `closed`: the server closed the connection without an answer. */
  readonly statuses: readonly (number | 'closed')[];
  /** `code` of the problem document. */
  readonly code?: string;
  /** JSON pointers that `errors[].path` must name. */
  readonly paths?: readonly string[];
  readonly body?: RegExp;
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, RegExp>>;
  readonly faults?: (answer: Answer) => readonly string[];
}

export interface Answer {
  readonly status: number | 'closed';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly elapsedMs: number;
}

export interface SeenJob {
  readonly submission: Submission;
  readonly job: WireJob;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  readonly combined: Buffer;
  /** See `killWithinMs`; null where the job has no times. */
  readonly killMs: number | null;
}

/** Returns what is wrong, in words; empty: nothing. */
export type Check = (seen: Seen) => readonly string[];

export interface Seen {
  readonly launcher: LauncherName;
  /** In the order of the acts. */
  readonly jobs: readonly SeenJob[];
  readonly answers: readonly Answer[];
  readonly before: HostState;
  readonly after: HostState;
  /** Taken every 200 ms while the acts were under way. */
  readonly during: readonly HostState[];
  readonly canary: CanaryRecord;
  /** A number or a remark for the report. */
  readonly note: (text: string) => void;
}

/** What a script may use. Everything that it starts it also awaits. */
export interface World {
  readonly launcher: LauncherName;
  readonly url: string;
  /** Server process, to read /proc. */
  readonly serverPid: number;
  /** What the server has written to stdout and stderr so far. */
  readonly serverOutput: () => string;
  readonly submit: (submission: Submission) => Promise<WireJob>;
  /** Waits for the end and reads all streams. */
  readonly finish: (job: WireJob, submission: Submission) => Promise<SeenJob>;
  /** `submit` and `finish`. */
  readonly run: (submission: Submission) => Promise<SeenJob>;
  /** What is wrong with a job, as for a JobAct. */
  readonly compare: (seen: SeenJob, expect: JobExpectation) => readonly string[];
  readonly request: (request: HttpRequest) => Promise<Answer>;
  readonly raw: (pieces: RawAct['raw'], deadlineMs?: number) => Promise<Answer>;
  readonly hostState: () => HostState;
  /** A number or a remark for the report. */
  readonly note: (text: string) => void;
}
