/** A submission as the API takes it. */
export interface Submission {
  readonly language: string;
  readonly code: string;
  readonly input?: string;
  readonly inputEncoding?: 'utf8' | 'base64';
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly limits?: Readonly<Record<string, unknown>>;
}

/** The fields of a job that the tests look at; what the API calls them is part of the test. */
export interface WireJob {
  readonly executionId: string;
  readonly language: string;
  readonly status: string;
  readonly verdict: string | null;
  readonly step: string | null;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly error: string | null;
  readonly stdoutPreview: string | null;
  readonly stderrPreview: string | null;
  readonly outputBytes: number | null;
  readonly truncated: boolean | null;
  readonly wallTimeMs: number | null;
  readonly cpuTimeMs: number | null;
  readonly memoryBytes: number | null;
  readonly oomInChild: boolean | null;
  readonly attempt: number;
  readonly completedAt: string | null;
  readonly compile: WireCompile | null;
  readonly limits: WireStepLimits & { readonly compile: WireStepLimits };
}

interface WireStepLimits {
  readonly cpuTimeMs: number;
  readonly wallTimeMs: number;
  readonly memoryBytes: number;
  readonly outputBytes: number;
}

interface WireCompile {
  readonly verdict: string;
  readonly output: string;
  readonly wallTimeMs: number | null;
  readonly cpuTimeMs: number | null;
  readonly memoryBytes: number | null;
}

export interface WireLanguage {
  readonly id: string;
  readonly aliases: readonly string[];
  readonly sample: { readonly code: string; readonly input: string; readonly output: string };
}

export interface WireResult {
  readonly status: string;
  readonly url: string | null;
  readonly expiresAt: string | null;
}

/** Seconds that one request waits for a job; the API's maximum. */
const WAIT_SEC = 25;

/** Talks HTTP as any client would. Methods throw when the server refuses. */
export class Client {
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  async submit(submission: Submission, { waitSec = 0 }: { waitSec?: number } = {}): Promise<WireJob> {
    const response = await fetch(`${this.url}/submit?wait=${waitSec}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(submission),
    });
    return bodyOf<WireJob>(response, [200, 202]);
  }

  /** Submits and waits for the end, however long it takes. */
  async run(submission: Submission): Promise<WireJob> {
    return this.untilFinal(await this.submit(submission, { waitSec: WAIT_SEC }));
  }

  async status(executionId: string, { waitSec = 0 }: { waitSec?: number } = {}): Promise<WireJob> {
    return this.get<WireJob>(`/status/${executionId}?wait=${waitSec}`);
  }

  async untilFinal(job: WireJob): Promise<WireJob> {
    let latest = job;
    while (latest.completedAt === null) latest = await this.status(latest.executionId, { waitSec: WAIT_SEC });
    return latest;
  }

  result(executionId: string): Promise<WireResult> {
    return this.get<WireResult>(`/result/${executionId}`);
  }

  /** The job's combined output, through its signed link; empty when there is none. */
  async outputOf(executionId: string): Promise<Buffer> {
    const { url } = await this.result(executionId);
    if (url === null) return Buffer.alloc(0);
    const response = await fetch(url);
    if (response.status !== 200) throw new Error(`the link answers ${response.status}`);
    return Buffer.from(await response.arrayBuffer());
  }

  async get<T>(path: string): Promise<T> {
    return bodyOf<T>(await fetch(`${this.url}${path}`), [200]);
  }
}

async function bodyOf<T>(response: Response, expected: readonly number[]): Promise<T> {
  const text = await response.text();
  if (!expected.includes(response.status)) throw new Error(`${response.url} answers ${response.status}: ${text}`);
  return JSON.parse(text) as T;
}
