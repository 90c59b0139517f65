import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Client, WireJob } from '../../support/client.ts';
import type { AwsWorld, LaneLanguage } from './aws-world.ts';

/** The subset of `npm test`, which leaves the long ones out. */
export const IS_FAST = process.env['RUNYARD_FAULTS'] === 'fast';
/** Times that each fault is planted. */
export const ROUNDS = Number(process.env['RUNYARD_FAULT_ROUNDS'] ?? (IS_FAST ? '3' : '50'));

/** A job without an end after so long is lost: longer than any fault, all attempts and all pauses in between. */
const LOST_AFTER_MS = 180_000;
/** Requests that wait at the gateway at a time. */
const WAITERS = 16;
/** After the last job: for messages more to come up, be found settled and be deleted. */
const EMPTY_WITHIN_MS = 90_000;
const SANDBOX_GONE_WITHIN_MS = 10_000;

/** What one fault did over all its rounds; a row of the table that the suite prints. */
export interface FaultReport {
  readonly fault: string;
  readonly planted: number;
  readonly jobs: number;
  /** Claims beyond the first. */
  readonly reRuns: number;
  /** Jobs that have no final result, or the wrong one. */
  readonly lost: number;
  /** Jobs that were settled more than once. */
  readonly double: number;
  /** Jobs that ended as our failure. */
  readonly internalErrors: number;
}

export interface ExpectedJob {
  readonly job: WireJob;
  readonly stdout: string;
}

export interface Rounds {
  /** Asked when all jobs have ended. */
  readonly planted: number | (() => number);
  readonly expected: readonly ExpectedJob[];
  /** Jobs that end as our failure because the fault is made for it. */
  readonly internalErrors?: number;
}

/** A program that prints its number at once and goes on for a while: interrupted in between, its output is on the way. */
export function program(language: LaneLanguage, n: number, lastsSec: number): string {
  return language === 'bash'
    ? `echo ${n}; sleep ${lastsSec.toFixed(3)}`
    : `$|=1; print "${n}\\n"; select(undef, undef, undef, ${lastsSec.toFixed(3)});`;
}

/** Runs `work` for 0 to count - 1, at most `width` at a time. */
export async function inLanes<T>(count: number, width: number, work: (n: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let n = next++; n < count; n = next++) results[n] = await work(n);
  };
  await Promise.all(Array.from({ length: width }, lane));
  return results;
}

/** Waits for all jobs and for everything around them to be gone, writes the row, and fails when anything was lost or done twice. */
export async function conclude(world: AwsWorld, fault: string, rounds: Rounds): Promise<FaultReport> {
  const { planted, expected, internalErrors = 0 } = rounds;
  const ended = await inLanes(expected.length, WAITERS, async (n) => {
    const { job, stdout } = expected[n] as ExpectedJob;
    return { executionId: job.executionId, job: await finalOf(world.client, job.executionId), stdout };
  });
  const lost = ended.filter(
    ({ job, stdout }) => !isOurs(job) && (job?.verdict !== 'ok' || job.stdoutPreview !== stdout),
  );
  const report = {
    fault,
    planted: typeof planted === 'number' ? planted : planted(),
    jobs: ended.length,
    reRuns: ended.reduce((sum, { job }) => sum + Math.max(0, (job?.attempt ?? 0) - 1), 0),
    lost: lost.length,
    double: ended.filter(({ executionId }) => world.log.of(executionId).settles > 1).length,
    internalErrors: ended.filter(({ job }) => isOurs(job)).length,
  };
  writeRow(report);
  expect(lost).toEqual([]);
  expect(report).toMatchObject({ lost: 0, double: 0, internalErrors });
  const left = () => world.messagesLeft();
  await expect.poll(left, { timeout: EMPTY_WITHIN_MS, interval: 250 }).toEqual({ queue: 0, dead: 0 });
  await world.expectNoSandboxes(SANDBOX_GONE_WITHIN_MS);
  return report;
}

function isOurs(job: WireJob | null): boolean {
  return job?.verdict === 'internal_error';
}

/** Null when it has no end in time. A gateway that does not answer for a moment is asked again. */
async function finalOf(client: Client, executionId: string): Promise<WireJob | null> {
  const untilMs = performance.now() + LOST_AFTER_MS;
  let latest: WireJob | null = null;
  while (performance.now() < untilMs) {
    latest = await client.status(executionId, { waitSec: 10 }).catch(() => null);
    if (latest === null) await sleep(500);
    else if (latest.completedAt !== null) return latest;
  }
  return latest;
}

/** For the table that the suite prints at its end. */
export function writeRow(report: FaultReport): void {
  const line = `${JSON.stringify(report)}\n`;
  process.stdout.write(line);
  const file = process.env['RUNYARD_FAULT_ROWS'];
  if (file !== undefined) appendFileSync(file, line);
}
