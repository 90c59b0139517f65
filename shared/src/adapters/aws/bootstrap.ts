import { createTable } from '../dynamodb/index.ts';
import { createBucket } from '../s3/index.ts';
import { createQueues } from '../sqs/index.ts';
import { createDynamoClient, createS3Client, createSqsClient } from './aws-clients.ts';
import type { AwsConfig } from './aws-config.ts';

/**
 * Makes what the service needs: table, queues with their dead letters, bucket. Idempotent, and any number may run at once; what
 * exists keeps its data. For stand-ins, tests and trials: a deployment has its own templates (`infra/`).
 */
export async function bootstrap(config: AwsConfig, languages: readonly string[]): Promise<void> {
  const dynamo = createDynamoClient(config);
  const sqs = createSqsClient(config);
  const s3 = createS3Client(config);
  try {
    await Promise.all([
      createTable(dynamo, config.table),
      createQueues(sqs, config.queues, languages),
      createBucket(s3, config),
    ]);
  } finally {
    for (const client of [dynamo, sqs, s3]) client.destroy();
  }
}
