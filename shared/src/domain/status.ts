/** Where a job is in its life cycle. `status` is a pure function of the verdict once a job is final. */
export const JOB_STATUSES = ['queued', 'running', 'completed', 'failed', 'timeout', 'cancelled', 'expired'] as const;
export type JobStatus = (typeof JOB_STATUSES)[number];

export type FinalStatus = Exclude<JobStatus, 'queued' | 'running'>;

export function isFinal(status: JobStatus): status is FinalStatus {
  return status !== 'queued' && status !== 'running';
}
