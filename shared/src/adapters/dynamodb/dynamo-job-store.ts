/**
 * Jobs in DynamoDB. Every step of the life cycle is decided by `domain/life-cycle.ts` and written by one conditional update that holds
 * only if the record is still the one that was decided on (status, attempt and, where it mattered, the lease).
 *
 * One round trip in the common case: a claim presumes a queued job, a settle or a renewal presumes that the attempt runs. The condition
 * is the proof; when it fails, DynamoDB returns the record as it is, the life cycle is asked again about that one, and so on. Each lost
 * race means that somebody else's step was written, so the turns are few, and they are bounded.
 *
 * Ambiguous writes. A request may be carried out and its answer lost; the SDK then sends it again, and the second try meets what the
 * first one wrote. Each call writes a token of its own with its step (`writeToken`), so that it knows its own work in the record that
 * the failed condition returns, and reports success instead of "another worker was faster". When the SDK gives up, the caller gets
 * `dependency_unavailable` and does not know: a claim is then held by nobody until its lease is over, a settle can be called again (and
 * finds the job final, with its own outcome), a create as well (and is a replay).
 */
import { randomBytes } from 'node:crypto';
import {
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { isFinalJob, type Job, type JobSource, type QueuedJob } from '../../domain/index.ts';
import * as lifeCycle from '../../domain/life-cycle.ts';
import { AppError, DependencyUnavailableError } from '../../errors/index.ts';
import type {
  ArtifactStore,
  ClaimResult,
  Clock,
  CreateResult,
  FinishResult,
  JobStore,
  ResendLedger,
} from '../../ports/index.ts';
import { DynamoSources, referenceOf, type SourceReference } from './dynamo-sources.ts';
import { isConditionFailure, translated } from './errors.ts';
import { decodeJob, encodeJob, type Item, keyOf, textOf, toItem } from './job-item.ts';
import { listOpenJobs } from './open-jobs.ts';
import { boundedOutcome } from './outcome-item.ts';
import { presumedQueued, presumedRunning } from './presumed-jobs.ts';
import { takeResend } from './take-resend.ts';
import { updateBetween } from './update-expression.ts';

export interface DynamoJobStoreOptions {
  readonly client: DynamoDBClient;
  readonly table: string;
  /** For sources that do not fit into an item. */
  readonly sources: ArtifactStore;
  readonly clock: Clock;
}

/** What a job's record may hold at its submission. The rest of the 400 KB of an item is for its outcome (`boundedOutcome`). */
const MAX_NEW_RECORD_BYTES = 64 * 1024;
/** A job sees at most three claims, three ends of leases and one end; renewals do not compete. More turns are a fault. */
const MAX_TURNS = 12;

/** The attributes that a decision rests on. */
const BY_ATTEMPT = ['status', 'attempt'] as const;
const BY_LEASE = [...BY_ATTEMPT, 'leaseUntilMs'] as const;

type Step = lifeCycle.ClaimTransition | lifeCycle.RenewTransition | lifeCycle.FinishTransition;

interface StepPlan<T extends Step> {
  readonly decide: (job: Job) => T;
  /** A record for which the step is written without a read. */
  readonly presumed?: Job;
  readonly fence: readonly string[];
}

export class DynamoJobStore implements JobStore, ResendLedger {
  readonly #client: DynamoDBClient;
  readonly #tableName: string;
  readonly #sources: DynamoSources;
  readonly #clock: Clock;

  constructor({ client, table, sources, clock }: DynamoJobStoreOptions) {
    this.#client = client;
    this.#tableName = table;
    this.#sources = new DynamoSources(client, table, sources);
    this.#clock = clock;
  }

  /** @throws AppError `body_too_large` when the record (metadata, labels) could leave no room for the outcome; nothing is written. */
  async create(job: QueuedJob, source: JobSource): Promise<CreateResult> {
    const record = encodeJob(job);
    if (Buffer.byteLength(JSON.stringify(record)) > MAX_NEW_RECORD_BYTES) {
      throw new AppError('body_too_large', 'The job is too large to be stored.');
    }
    return translated(async () => {
      const token = newToken();
      const { executionId, expiresAtMs } = job;
      let existing: Item | null = null;
      const reference = await this.#sources.put({ executionId, expiresAtMs, source, token }, async () => {
        existing = await this.#readItem(executionId);
        return existing !== null;
      });
      existing ??= reference === null ? null : await this.#insert(record, reference);
      if (existing === null) return { kind: 'created', job };
      if (reference !== null) await this.#discard(executionId, reference);
      return lifeCycle.create(decodeJob(existing), job);
    });
  }

  /** Consistent: a client that has just submitted, or was just told of a change, must see it. Null once the retention is over. */
  async get(executionId: string): Promise<Job | null> {
    const job = await translated(() => this.#read(executionId));
    return job === null || job.expiresAtMs <= this.#clock.nowMs() ? null : job;
  }

  async getSource(executionId: string): Promise<JobSource | null> {
    return translated(() => this.#sources.get(executionId));
  }

  async claim(executionId: string, by: Parameters<JobStore['claim']>[1]): Promise<ClaimResult> {
    return this.#step(executionId, {
      decide: (job) => lifeCycle.claim(job, by),
      presumed: presumedQueued(executionId),
      fence: BY_LEASE,
    });
  }

  async renew(executionId: string, lease: Parameters<JobStore['renew']>[1]): Promise<boolean> {
    const result = await this.#step(executionId, {
      decide: (job) => lifeCycle.renew(job, lease),
      presumed: presumedRunning(executionId, lease.attempt),
      fence: BY_ATTEMPT,
    });
    return result.kind === 'renewed';
  }

  async settle(executionId: string, end: Parameters<JobStore['settle']>[1]): Promise<FinishResult> {
    const outcome = boundedOutcome(end.outcome);
    return this.#step(executionId, {
      decide: (job) => lifeCycle.settle(job, { ...end, outcome }),
      presumed: presumedRunning(executionId, end.attempt),
      fence: BY_ATTEMPT,
    });
  }

  async giveUp(executionId: string, end: Parameters<JobStore['giveUp']>[1]): Promise<FinishResult> {
    const outcome = boundedOutcome(end.outcome);
    return this.#step(executionId, { decide: (job) => lifeCycle.giveUp(job, { ...end, outcome }), fence: BY_LEASE });
  }

  /**
   * The source of a job that may still run goes last, so that no worker meets a job without it; that of a final one goes first, so that
   * a failure in between is repaired by deleting again.
   */
  async delete(executionId: string): Promise<boolean> {
    return translated(async () => {
      const item = await this.#readItem(executionId);
      if (item === null) return false;
      const reference = referenceOf(item);
      const removeSource = async () => {
        if (reference !== null) await this.#sources.remove(executionId, reference);
      };
      const isFinal = isFinalJob(decodeJob(item));
      if (isFinal) await removeSource();
      const answer = await this.#client.send(
        new DeleteItemCommand({ TableName: this.#tableName, Key: keyOf(executionId), ReturnValues: 'ALL_OLD' }),
      );
      if (!isFinal) await removeSource();
      // After a lost answer the second try finds nothing: it was there a moment ago and is gone, as was asked.
      return answer.Attributes !== undefined || (answer.$metadata.attempts ?? 1) > 1;
    });
  }

  async listStale(query: { beforeMs: number; limit: number }): Promise<readonly Job[]> {
    return translated(() => listOpenJobs(this.#client, this.#tableName, query));
  }

  async takeResend(executionId: string, rule: Parameters<ResendLedger['takeResend']>[1]): Promise<number | null> {
    return translated(async () => {
      const item = await this.#readItem(executionId);
      return item && takeResend(this.#client, this.#tableName, { item, ...rule, writeToken: newToken() });
    });
  }

  /**
   * Always empty: jobs and sources go by the table's time to live, which is free, and outputs by the bucket's lifecycle. An index of
   * ages and a delete per job would cost half as much again as the job itself (ADR 0006).
   */
  async listExpired(): Promise<readonly Job[]> {
    return [];
  }

  async ping(): Promise<void> {
    await translated(() => this.#readItem('ping'));
  }

  /** Null when the record is written; else the record that was there before. */
  async #insert(record: Record<string, unknown>, reference: SourceReference): Promise<Item | null> {
    const { sourceToken, sourcePath } = reference;
    const place = sourcePath === null ? { sourceToken } : { sourceToken, sourcePath };
    try {
      await this.#client.send(
        new PutItemCommand({
          TableName: this.#tableName,
          Item: toItem({ ...record, ...place }),
          ConditionExpression: 'attribute_not_exists(executionId)',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      );
      return null;
    } catch (error) {
      if (!isConditionFailure(error)) throw error;
      // The token of the source never changes, so that we know our record even when somebody has claimed it meanwhile.
      if (textOf(error.Item, 'sourceToken') === sourceToken) return null;
      return error.Item ?? null;
    }
  }

  /** A source that no job names. The answer is known; what cannot be removed now goes with its time to live. */
  async #discard(executionId: string, reference: SourceReference): Promise<void> {
    await this.#sources.remove(executionId, reference).catch(() => undefined);
  }

  async #step<T extends Step>(executionId: string, plan: StepPlan<T>): Promise<T | { readonly kind: 'not_found' }> {
    return translated(async () => {
      const writeToken = newToken();
      let isPresumed = plan.presumed !== undefined;
      let job = plan.presumed ?? (await this.#read(executionId));
      for (let turn = 0; turn < MAX_TURNS; turn += 1) {
        if (job === null) return { kind: 'not_found' };
        const result = plan.decide(job);
        const next = writtenBy(result);
        if (next !== null) {
          const answer = await this.#update(job, next, plan.fence, writeToken);
          if (answer.isWritten) return { ...result, job: answer.job };
          job = answer.job;
        } else if (isPresumed) {
          job = await this.#read(executionId);
        } else {
          return result;
        }
        isPresumed = false;
      }
      throw new DependencyUnavailableError('The job changes too often to be written.');
    });
  }

  async #update(
    before: Job,
    after: Job,
    fence: readonly string[],
    writeToken: string,
  ): Promise<
    { readonly isWritten: true; readonly job: Job } | { readonly isWritten: false; readonly job: Job | null }
  > {
    try {
      const { Attributes } = await this.#client.send(
        new UpdateItemCommand({
          TableName: this.#tableName,
          Key: keyOf(before.executionId),
          ...updateBetween(encodeJob(before), { ...encodeJob(after), writeToken }, fence),
          ReturnValues: 'ALL_NEW',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      );
      return { isWritten: true, job: decodeJob(Attributes ?? {}) };
    } catch (error) {
      if (!isConditionFailure(error)) throw error;
      if (error.Item === undefined) return { isWritten: false, job: null };
      return { isWritten: textOf(error.Item, 'writeToken') === writeToken, job: decodeJob(error.Item) };
    }
  }

  async #read(executionId: string): Promise<Job | null> {
    const item = await this.#readItem(executionId);
    return item === null ? null : decodeJob(item);
  }

  async #readItem(executionId: string): Promise<Item | null> {
    const { Item } = await this.#client.send(
      new GetItemCommand({ TableName: this.#tableName, Key: keyOf(executionId), ConsistentRead: true }),
    );
    return Item ?? null;
  }
}

/** The record that a step makes; null when it changes nothing. */
function writtenBy(result: Step): Job | null {
  switch (result.kind) {
    case 'claimed':
    case 'renewed':
    case 'finished':
      return result.job;
    case 'final':
    case 'leased':
    case 'exhausted':
    case 'lost':
    case 'refused':
      return null;
  }
}

/** 72 bits: two calls on one record never meet with the same. */
function newToken(): string {
  return randomBytes(9).toString('base64url');
}
