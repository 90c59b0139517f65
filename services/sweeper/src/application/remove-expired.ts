import { outputsPrefix } from '@runyard/shared/domain';
import type { ArtifactStore, Clock, JobStore } from '@runyard/shared/ports';

export interface RetentionDependencies {
  readonly store: JobStore;
  readonly artifacts: ArtifactStore;
  readonly clock: Clock;
}

const BATCH = 200;

/**
 * Removes jobs whose retention is over: outputs first, so that a crash in between leaves the record that leads back to
 * them. A job that a worker holds right now is left for a later sweep. Returns how many were removed.
 */
export async function removeExpired({ store, artifacts, clock }: RetentionDependencies): Promise<number> {
  const nowMs = clock.nowMs();
  let removed = 0;
  for (const job of await store.listExpired({ nowMs, limit: BATCH })) {
    if (job.status === 'running' && job.leaseUntilMs > nowMs) continue;
    await artifacts.deletePrefix(outputsPrefix(job.executionId));
    if (await store.delete(job.executionId)) removed += 1;
  }
  return removed;
}
