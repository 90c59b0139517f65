import { type DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { ResendLedger } from '../../ports/index.ts';
import { isConditionFailure } from './errors.ts';
import { decodeJob, type Item, keyOf, numberOf, textOf } from './job-item.ts';
import { updateBetween } from './update-expression.ts';

export interface ResendRequest extends Readonly<Parameters<ResendLedger['takeResend']>[1]> {
  /** The job as just read. */
  readonly item: Item;
  readonly writeToken: string;
}

/** Keeps the pause within years whatever a caller counts to. */
const MAX_DOUBLINGS = 12;

/** A claim, another resend or an end moves one of these, so that of two callers with the same record one succeeds. */
const FENCE = ['status', 'attempt', 'leaseUntilMs', 'dueAtMs'] as const;

/**
 * Notes in the job that it is sent again. `resends` counts those since the claim of `resendsAfter`, so that a claim need not reset it.
 * The entry in the index of open jobs moves to the end of the pause, where the next list finds it.
 */
export async function takeResend(
  client: DynamoDBClient,
  tableName: string,
  { item, nowMs, pauseMs, writeToken }: ResendRequest,
): Promise<number | null> {
  const job = decodeJob(item);
  const dueAtMs = numberOf(item, 'dueAtMs');
  const isUnheld = job.status === 'queued' || (job.status === 'running' && job.leaseUntilMs <= nowMs);
  const resends = numberOf(item, 'resendsAfter') === job.attempt ? (numberOf(item, 'resends') ?? 0) : 0;
  if (!isUnheld || dueAtMs === null || dueAtMs > nowMs) return null;
  const lease = job.status === 'running' ? { leaseUntilMs: job.leaseUntilMs } : {};
  const before = { status: job.status, attempt: job.attempt, dueAtMs, ...lease };
  const after = {
    ...before,
    dueAtMs: nowMs + pauseMs * 2 ** Math.min(resends, MAX_DOUBLINGS),
    resends: resends + 1,
    resendsAfter: job.attempt,
    writeToken,
  };
  try {
    await client.send(
      new UpdateItemCommand({
        TableName: tableName,
        Key: keyOf(job.executionId),
        ...updateBetween(before, after, FENCE),
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
    );
    return after.resends;
  } catch (error) {
    if (!isConditionFailure(error)) throw error;
    // Ours, when the first try got through and only its answer was lost.
    return textOf(error.Item, 'writeToken') === writeToken ? after.resends : null;
  }
}
