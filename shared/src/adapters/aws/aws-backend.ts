import type { Logger } from '../../logging/index.ts';
import type { ArtifactStore, Clock, JobQueue } from '../../ports/index.ts';
import { DynamoJobStore } from '../dynamodb/index.ts';
import { S3ArtifactStore } from '../s3/index.ts';
import { SqsJobQueue } from '../sqs/index.ts';
import {
  createDynamoClient,
  createS3Client,
  createS3SigningClient,
  createSqsClient,
  createSqsPollClient,
} from './aws-clients.ts';
import type { AwsConfig } from './aws-config.ts';

export interface AwsBackendOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Ids of all languages of the deployment: which queues there are. An executor of fewer languages names them at `receive`. */
  readonly languages: readonly string[];
}

export interface AwsBackend {
  readonly store: DynamoJobStore;
  readonly queue: JobQueue;
  readonly artifacts: ArtifactStore;
  /** Waits for polls under way (at most some seconds), hands back what they bring, and lets the connections go. Idempotent. */
  close(): Promise<void>;
}

/** Makes the adapters and their clients. Calls nothing: `ping` of each says whether it answers. */
export function openAwsBackend(config: AwsConfig, { clock, logger, languages }: AwsBackendOptions): AwsBackend {
  const clients = {
    dynamo: createDynamoClient(config),
    sqs: createSqsClient(config),
    sqsPolls: createSqsPollClient(config),
    s3: createS3Client(config),
    s3Signing: createS3SigningClient(config),
  };
  const { bucket, table, queues: layout } = config;
  const artifacts = new S3ArtifactStore({ client: clients.s3, signingClient: clients.s3Signing, bucket, clock });
  const store = new DynamoJobStore({ client: clients.dynamo, table, sources: artifacts, clock });
  const queue = new SqsJobQueue({
    client: clients.sqs,
    pollClient: clients.sqsPolls,
    layout,
    languages,
    clock,
    logger,
  });
  return {
    store,
    queue,
    artifacts,
    async close() {
      await queue.close();
      for (const client of Object.values(clients)) client.destroy();
    },
  };
}
