import { type FinalJob, isFinalJob, type OutputStream } from '@runyard/shared/domain';
import type { ArtifactStore, SignedUrl } from '@runyard/shared/ports';
import { NotFinalError } from './errors.ts';
import type { GetJob, JobQuery } from './get-job.ts';

export interface JobResult {
  readonly job: FinalJob;
  /** Null when the stream is empty. */
  readonly link: SignedUrl | null;
}

/** A link to the output of a job that ended. */
export class GetResult {
  readonly #getJob: GetJob;
  readonly #artifacts: ArtifactStore;
  readonly #linkLifeMs: number;

  constructor(getJob: GetJob, artifacts: ArtifactStore, options: { linkLifeMs: number }) {
    this.#getJob = getJob;
    this.#artifacts = artifacts;
    this.#linkLifeMs = options.linkLifeMs;
  }

  /** Throws AppError: not_found, not_final, dependency_unavailable. */
  async get(query: JobQuery, stream: OutputStream): Promise<JobResult> {
    const job = await this.#getJob.get(query);
    if (!isFinalJob(job)) throw new NotFinalError(job.executionId, job.status);
    const path = pathOf(job, stream);
    if (path === null) return { job, link: null };
    const fileName = `${job.executionId}${stream === 'combined' ? '' : `.${stream}`}.txt`;
    return { job, link: await this.#artifacts.signUrl(path, { expiresInMs: this.#linkLifeMs, fileName }) };
  }
}

function pathOf({ outcome }: FinalJob, stream: OutputStream): string | null {
  switch (stream) {
    case 'combined':
      return outcome.outputPath;
    case 'stdout':
      return outcome.stdoutPath;
    case 'stderr':
      return outcome.stderrPath;
  }
}
