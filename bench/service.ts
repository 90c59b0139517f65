import { performance } from 'node:perf_hooks';

/** The product as its clients see it. */
export class Service {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  /** Submits, waits for the end and checks the answer. Returns the time at the client and the job's own timings. */
  async run(language: string, code: string, expected: string): Promise<ServiceSample> {
    const startedAt = performance.now();
    const response = await fetch(`${this.#url}/submit?wait=25`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ language, code }),
    });
    const job = (await response.json()) as WireJob;
    const ms = performance.now() - startedAt;
    if (job.verdict !== 'ok' || job.stdoutPreview !== expected) {
      throw new Error(`wrong answer from ${language}: HTTP ${response.status} ${JSON.stringify(job)}`);
    }
    return { ms, timings: job.timings };
  }

  /** Jobs per second with `clients` closed-loop clients for `seconds`, and the latency each saw. */
  async rate(program: { language: string; code: string; expected: string }, clients: number, seconds: number) {
    const samplesMs: number[] = [];
    const startedAt = performance.now();
    const until = startedAt + seconds * 1000;
    const work = async (): Promise<void> => {
      while (performance.now() < until) {
        samplesMs.push((await this.run(program.language, program.code, program.expected)).ms);
      }
    };
    await Promise.all(Array.from({ length: clients }, work));
    return { perSecond: samplesMs.length / ((performance.now() - startedAt) / 1000), samplesMs };
  }
}

export interface ServiceSample {
  readonly ms: number;
  readonly timings: Timings | null;
}

export interface Timings {
  readonly queueMs: number;
  readonly sandboxMs: number;
  readonly compileMs: number | null;
  readonly runMs: number | null;
  readonly storeMs: number | null;
}

interface WireJob {
  readonly verdict: string | null;
  readonly stdoutPreview: string;
  readonly timings: Timings | null;
}
