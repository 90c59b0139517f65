import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '../../support/client.ts';

const EVERY_MS = 200;
/** Even the shortest case is watched. */
const LEAST_SONGS = 2;
const WARM_UP_SONGS = 5;
const IDLE_SONGS = 20;

export interface CanaryRecord {
  /** Answers that were not the right ones, in words. */
  readonly wrong: readonly string[];
  /** Milliseconds from submission to answer. */
  readonly p50Ms: number;
  readonly p95Ms: number;
  /** Of `GET /health/live` beside it, which shows how long the server's event loop was held up. */
  readonly liveP95Ms: number;
  readonly songs: number;
}

/**
 * A second tenant whose hello must stay right whatever the first one does. It submits every 200 ms, one at a time, so that
 * it never makes the queue that it measures.
 */
export class Canary {
  readonly #client: Client;
  readonly #wrong: string[] = [];
  readonly #tookMs: number[] = [];
  readonly #liveMs: number[] = [];
  readonly #singing: Promise<void>;
  #isStopping = false;

  /** How it sings when it is alone. */
  static async idle(client: Client): Promise<CanaryRecord> {
    await new Canary(client, WARM_UP_SONGS).stop();
    return new Canary(client, IDLE_SONGS).stop();
  }

  constructor(client: Client, leastSongs = LEAST_SONGS) {
    this.#client = client;
    this.#singing = this.#sing(leastSongs);
  }

  async stop(): Promise<CanaryRecord> {
    this.#isStopping = true;
    await this.#singing;
    return {
      wrong: this.#wrong,
      p50Ms: percentile(this.#tookMs, 0.5),
      p95Ms: percentile(this.#tookMs, 0.95),
      liveP95Ms: percentile(this.#liveMs, 0.95),
      songs: this.#tookMs.length,
    };
  }

  async #sing(leastSongs: number): Promise<void> {
    for (let number = 1; !this.#isStopping || number <= leastSongs; number += 1) {
      const startMs = performance.now();
      await Promise.all([this.#hello(number), this.#live()]).catch((error: unknown) => this.#wrong.push(String(error)));
      await sleep(Math.max(0, EVERY_MS - (performance.now() - startMs)));
    }
  }

  async #hello(number: number): Promise<void> {
    const startMs = performance.now();
    const text = `hello ${number} of ${startMs}`;
    const job = await this.#client.run({ language: 'bash', code: 'read -r line; echo "$line"', input: `${text}\n` });
    this.#tookMs.push(performance.now() - startMs);
    const isRight = job.verdict === 'ok' && job.stdoutPreview === `${text}\n` && job.attempt === 1;
    if (!isRight)
      this.#wrong.push(`canary: ${job.verdict}, attempt ${job.attempt}, ${JSON.stringify(job.stdoutPreview)}`);
  }

  async #live(): Promise<void> {
    const startMs = performance.now();
    const response = await fetch(`${this.#client.url}/health/live`);
    await response.arrayBuffer();
    this.#liveMs.push(performance.now() - startMs);
    if (response.status !== 200) this.#wrong.push(`/health/live answers ${response.status}`);
  }
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
}
