/**
 * A job as an item and back. Attributes are those of the domain, except: what is null is not there; `limits` is a list of numbers;
 * `metadata` is JSON; `openShard` and `dueAtMs` are there while the job is not final; `expiresAt` is the same moment in the seconds that DynamoDB
 * understands. Without previews and metadata a job has 370 bytes queued and
 * 810 at its end (2026-11): every write pays for each started KiB.
 */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import {
  isFinalJob,
  JOB_STATUSES,
  type Job,
  type JobLimits,
  type JobStatus,
  type StepLimits,
} from '../../domain/index.ts';
import { InternalError } from '../../errors/index.ts';
import { type Attributes, decodeOutcome, encodeOutcome } from './outcome-item.ts';
import { openShardOf } from './table-schema.ts';

export type Item = Record<string, AttributeValue>;

/** Not in the index of owners, see `table-schema.ts`. */
const ANONYMOUS_OWNER = 'anonymous';

/** Order of the numbers in `limits`, run first, then compile. New fields go to the end of a step and need a default for older items. */
const LIMIT_FIELDS = [
  'wallTimeMs',
  'cpuTimeMs',
  'memoryBytes',
  'outputBytes',
  'processes',
  'fileBytes',
  'openFiles',
  'stackBytes',
] as const satisfies readonly (keyof StepLimits)[];

export function encodeJob(job: Job): Attributes {
  return {
    executionId: job.executionId,
    status: job.status,
    attempt: job.attempt,
    language: job.language,
    limits: encodeLimits(job.limits),
    requestHash: job.requestHash,
    createdAtMs: job.createdAtMs,
    updatedAtMs: job.updatedAtMs,
    expiresAtMs: job.expiresAtMs,
    expiresAt: epochSeconds(job.expiresAtMs),
    ...(job.ownerId === ANONYMOUS_OWNER ? {} : { ownerId: job.ownerId }),
    ...(job.userId === null ? {} : { userId: job.userId }),
    ...(job.metadata === null ? {} : { metadata: JSON.stringify(job.metadata) }),
    ...encodeState(job),
  };
}

function encodeState(job: Job): Attributes {
  if (isFinalJob(job)) {
    const started = job.startedAtMs === null ? {} : { startedAtMs: job.startedAtMs };
    return { ...started, completedAtMs: job.completedAtMs, outcome: encodeOutcome(job.outcome) };
  }
  const open = { openShard: openShardOf(job.executionId), dueAtMs: job.updatedAtMs };
  if (job.status === 'queued') return open;
  return { ...open, startedAtMs: job.startedAtMs, worker: job.worker, leaseUntilMs: job.leaseUntilMs };
}

/** @throws InternalError for what is no job. */
export function decodeJob(item: Item): Job {
  const stored: Attributes = unmarshall(item);
  const status = JOB_STATUSES.find((known) => known === stored['status']);
  if (status === undefined) throw new InternalError(new Error(`an item has the status ${String(stored['status'])}`));
  const metadata = stored['metadata'];
  const common = {
    executionId: stored['executionId'],
    ownerId: stored['ownerId'] ?? ANONYMOUS_OWNER,
    userId: stored['userId'] ?? null,
    language: stored['language'],
    limits: decodeLimits(stored['limits'] as readonly number[]),
    metadata: typeof metadata === 'string' ? JSON.parse(metadata) : null,
    requestHash: stored['requestHash'],
    createdAtMs: stored['createdAtMs'],
    updatedAtMs: stored['updatedAtMs'],
    expiresAtMs: stored['expiresAtMs'],
    attempt: stored['attempt'],
    status,
  };
  return { ...common, ...decodeState(stored, status) } as Job;
}

function decodeState(stored: Attributes, status: JobStatus): Attributes {
  const { startedAtMs, completedAtMs, worker, leaseUntilMs, outcome } = stored;
  if (status === 'queued') return {};
  if (status === 'running') return { startedAtMs, worker, leaseUntilMs };
  return { startedAtMs: startedAtMs ?? null, completedAtMs, outcome: decodeOutcome(outcome as Attributes) };
}

function encodeLimits({ run, compile }: JobLimits): readonly number[] {
  return [run, compile].flatMap((step) => LIMIT_FIELDS.map((field) => step[field]));
}

function decodeLimits(stored: readonly number[]): JobLimits {
  const step = (first: number) =>
    Object.fromEntries(LIMIT_FIELDS.map((field, index) => [field, stored[first + index]])) as unknown as StepLimits;
  return { run: step(0), compile: step(LIMIT_FIELDS.length) };
}

/** The first whole second at which nothing of the job is needed any more. */
export function epochSeconds(epochMs: number): number {
  return Math.ceil(epochMs / 1000);
}

export function toItem(attributes: Attributes): Item {
  return marshall(attributes);
}

export function keyOf(executionId: string): Item {
  return { executionId: { S: executionId } };
}

export function numberOf(item: Item | undefined, attribute: string): number | null {
  const text = item?.[attribute]?.N;
  return text === undefined ? null : Number(text);
}

export function textOf(item: Item | undefined, attribute: string): string | null {
  return item?.[attribute]?.S ?? null;
}
