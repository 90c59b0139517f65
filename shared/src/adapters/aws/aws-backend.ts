import type { ArtifactStore, Clock, JobQueue, JobStore } from '../../ports/index.ts';
import type { Logger } from '../../logging/index.ts';
import type { AwsConfig } from './aws-config.ts';

export interface AwsBackendOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Ids of all languages of the deployment: which queues there are. An executor of fewer languages names them at `receive`. */
  readonly languages: readonly string[];
}

export interface AwsBackend {
  readonly store: JobStore;
  readonly queue: JobQueue;
  readonly artifacts: ArtifactStore;
  /** Waits for polls under way (at most some seconds), hands back what they bring, and lets the connections go. */
  close(): Promise<void>;
}

export type OpenAwsBackend = (config: AwsConfig, options: AwsBackendOptions) => AwsBackend;
