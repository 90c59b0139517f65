import { appendFileSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import type { WireJob } from '../../support/client.ts';
import type { AwsWorld } from './aws-world.ts';

/** Times that each fault is planted: 50 in the whole suite, few in the subset of `npm test`. */
export const ROUNDS = Number(process.env['RUNYARD_FAULT_ROUNDS'] ?? '50');

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

/** Waits for all jobs and for everything around them to be gone, and counts. */
export async function concludeRounds(
  world: AwsWorld,
  fault: string,
  { planted, expected }: { planted: number; expected: readonly ExpectedJob[] },
): Promise<FaultReport> {
  const ended = await Promise.all(
    expected.map(async ({ job, stdout }) => ({ job: await world.client.untilFinal(job), stdout })),
  );
  const report = {
    fault,
    planted,
    jobs: ended.length,
    reRuns: ended.reduce((sum, { job }) => sum + Math.max(0, job.attempt - 1), 0),
    lost: ended.filter(({ job, stdout }) => job.verdict !== 'internal_error' && job.stdoutPreview !== stdout).length,
    double: ended.filter(({ job }) => world.log.of(job.executionId).settles > 1).length,
    internalErrors: ended.filter(({ job }) => job.verdict === 'internal_error').length,
  };
  print(report);
  return report;
}

function print(report: FaultReport): void {
  process.stdout.write(`${JSON.stringify(report)}\n`);
  const file = process.env['RUNYARD_FAULT_REPORT'];
  if (file === undefined) return;
  mkdirSync(path.dirname(file), { recursive: true });
  appendFileSync(file, `${JSON.stringify(report)}\n`);
}
