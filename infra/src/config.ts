import { loadAwsConfig } from '@runyard/shared/adapters/aws';
import { ConfigError, type Env } from '@runyard/shared/config';
import type { Deployment } from '@runyard/shared/domain';

/** What the data of one cell is called and how long it is kept: the variables that the services read as well. */
export interface DataConfig {
  readonly deployment: Deployment;
  readonly table: string;
  readonly queuePrefix: string;
  readonly bucket: string;
  readonly retentionDays: number;
  /** Ids of all languages: each has a queue. */
  readonly languages: readonly string[];
}

/** @throws ConfigError with all problems. */
export function loadConfig(env: Env, languages: readonly string[]): DataConfig {
  const { deployment, table, queues, bucket, retentionDays } = loadAwsConfig(env);
  if (queues.kind === 'single') {
    const message = 'names one queue for all languages; this stack makes one per language, so leave it out';
    throw new ConfigError([{ variable: 'SQS_QUEUE_URL', message }]);
  }
  return { deployment, table, queuePrefix: queues.prefix, bucket, retentionDays, languages };
}
