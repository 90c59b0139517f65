import { answers, Readiness, type ReadinessProbe } from '@runyard/shared/process';
import type { ArtifactStore, JobQueue, JobStore } from '@runyard/shared/ports';
import type { Logger } from 'pino';

export interface CheckHealthDeps {
  readonly store: JobStore;
  readonly queue: JobQueue;
  readonly artifacts: ArtifactStore;
  /** Null where programs run elsewhere, and their executors tell for themselves. */
  readonly sandboxProbe: ReadinessProbe | null;
  readonly isDraining: () => boolean;
  readonly logger: Logger;
}

/** Whether new jobs would be accepted and, where they run in this process, run. */
export function checkHealth(deps: CheckHealthDeps): Readiness {
  const { store, queue, artifacts, sandboxProbe, isDraining, logger } = deps;
  const probes = {
    store: answers(store),
    queue: answers(queue),
    artifacts: answers(artifacts),
    ...(sandboxProbe === null ? {} : { sandbox: sandboxProbe }),
  };
  return new Readiness({ probes, isDraining, logger });
}
