import { hash } from 'node:crypto';
import {
  keyedExecutionId,
  type Job,
  type JobSource,
  matchesVersion,
  newExecutionId,
  type QueuedJob,
  requestHash,
  resolveLimits,
} from '@runyard/shared/domain';
import { AppError } from '@runyard/shared/errors';
import type { Clock, JobQueue, JobStore } from '@runyard/shared/ports';
import type { Logger } from 'pino';
import type { Submission } from '../domain/submission.ts';
import { IdempotencyMismatchError, QueueFullError, UnknownLanguageError, UnknownVersionError } from './errors.ts';
import type { LanguageSource, ServedLanguage } from './language-directory.ts';
import type { QueueGate } from './queue-gate.ts';
import { withinBudget } from './within-budget.ts';

/** An Idempotency-Key names the same job for this long; afterwards it may be used anew. */
const IDEMPOTENCY_WINDOW_MS = 24 * 3600 * 1000;

/** A client does not wait longer for a queue: its job is safe already. */
const SEND_BUDGET_MS = 2_000;

export interface SubmitJobDeps {
  readonly store: JobStore;
  readonly queue: JobQueue;
  readonly gate: QueueGate;
  readonly clock: Clock;
  readonly languages: LanguageSource;
  /** Makes keyed ids unguessable. */
  readonly secret: Uint8Array;
  readonly cell: number;
  readonly retentionMs: number;
  readonly execTimeoutSec: number;
}

export interface SubmitRequest {
  readonly submission: Submission;
  readonly ownerId: string;
  readonly idempotencyKey: string | null;
  readonly log: Logger;
}

export interface Accepted {
  readonly job: Job;
  /** The job had been accepted before, under the same key and with the same content. */
  readonly isReplay: boolean;
}

/** Accepts a job: the durable record first, then the message. From the moment the record stands, the job is never lost. */
export class SubmitJob {
  readonly #deps: SubmitJobDeps;

  constructor(deps: SubmitJobDeps) {
    this.#deps = deps;
  }

  /** Throws AppError: unknown_language, unknown_version, limit_too_high, invalid_request, queue_full, idempotency_mismatch, dependency_unavailable. */
  async submit(request: SubmitRequest): Promise<Accepted> {
    const draft = this.#draft(request);
    const hasRoom = await this.#deps.gate.admit(draft.language);
    if (request.idempotencyKey !== null) return this.#submitKeyed(draft, request, request.idempotencyKey, hasRoom);
    if (!hasRoom) throw new QueueFullError();
    const job = { ...draft, executionId: newExecutionId(this.#deps.cell) };
    await this.#deps.store.create(job, sourceOf(request.submission));
    await this.#send(job, request.log);
    return { job, isReplay: false };
  }

  async #submitKeyed(draft: Draft, request: SubmitRequest, key: string, hasRoom: boolean): Promise<Accepted> {
    for (let generation = 0; ; generation += 1) {
      const { secret, cell } = this.#deps;
      const executionId = keyedExecutionId(secret, { ownerId: request.ownerId, key, cell, generation });
      const job = { ...draft, executionId };
      const former = await this.#createUnlessFull(job, sourceOf(request.submission), hasRoom);
      if (former === null) {
        await this.#send(job, request.log);
        return { job, isReplay: false };
      }
      if (former.createdAtMs <= job.createdAtMs - IDEMPOTENCY_WINDOW_MS) continue; // The key's former use is over.
      if (former.requestHash !== job.requestHash) throw new IdempotencyMismatchError();
      return { job: former, isReplay: true };
    }
  }

  /** The job that already has the id, or null when this one was created. A full queue still answers replays. */
  async #createUnlessFull(job: QueuedJob, source: JobSource, hasRoom: boolean): Promise<Job | null> {
    if (hasRoom) {
      const result = await this.#deps.store.create(job, source);
      return result.kind === 'created' ? null : result.job;
    }
    const former = await this.#deps.store.get(job.executionId);
    if (former === null) throw new QueueFullError();
    return former;
  }

  /** A message that cannot be sent, or not soon, does not undo the acceptance: the sweeper sends it later. */
  async #send({ executionId, language, ownerId }: QueuedJob, log: Logger): Promise<void> {
    const notSent = (error: unknown): void => {
      log.warn({ err: error, executionId }, 'job accepted but not sent; the sweeper will send it');
    };
    const sending = this.#deps.queue.send({ executionId, language }, { group: ownerId }).catch((error: unknown) => {
      if (!(error instanceof AppError)) throw error;
      notSent(error);
    });
    await withinBudget(sending, SEND_BUDGET_MS, { onLateError: notSent });
  }

  #draft({ submission, ownerId }: SubmitRequest): Draft {
    const language = this.#languageOf(submission);
    const nowMs = this.#deps.clock.nowMs();
    return {
      status: 'queued',
      ownerId,
      userId: submission.userId,
      language: language.id,
      limits: resolveLimits(language, submission.limits, this.#deps.execTimeoutSec),
      metadata: submission.metadata,
      requestHash: contentHash({ ...submission, language: language.id }),
      createdAtMs: nowMs,
      updatedAtMs: nowMs,
      expiresAtMs: nowMs + this.#deps.retentionMs,
      attempt: 0,
    };
  }

  #languageOf({ language: name, version }: Submission): ServedLanguage {
    const { catalogue } = this.#deps.languages;
    const lookup = catalogue.resolve(name);
    if (lookup.kind === 'unknown') throw new UnknownLanguageError(name, catalogue.ids, lookup.suggestion);
    const { language } = lookup;
    const isThere = version === null || (language.version !== null && matchesVersion(language.version, version));
    if (!isThere) throw new UnknownVersionError(language.id, version, language.version);
    return language;
  }
}

/** A job without its id: for keyed submissions the id is looked for. */
type Draft = Omit<QueuedJob, 'executionId'>;

/** The two texts that can be long are hashed as they are: writing a megabyte as JSON first costs several milliseconds. */
function contentHash({ code, input, ...others }: Submission): string {
  return requestHash({ ...others, code: hash('sha256', code), input: hash('sha256', input) });
}

function sourceOf({ code, input, inputEncoding, args, env }: Submission): JobSource {
  return { code, input, inputEncoding, args, env };
}
