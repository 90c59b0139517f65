import { DeleteQueueCommand, ListQueuesCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { silentLogger } from '../../../logging/index.ts';
import type { AwsConfig } from '../../aws/aws-config.ts';
import { createSqsClient, createSqsPollClient } from '../../aws/aws-clients.ts';
import { testAwsConfig } from '../../aws/testing/test-config.ts';
import { systemClock } from '../../in-process/index.ts';
import { createQueues, type QueueLayout, SqsJobQueue } from '../index.ts';

export const LANGUAGES = ['python', 'c', 'bash'];

/** Empty queues on the server under test, for one test: what a dead worker of another test still polls cannot reach them. */
export interface TestQueues {
  readonly client: SQSClient;
  /** Of all adapters here; carries the long polls alone. */
  readonly pollClient: SQSClient;
  readonly config: AwsConfig;
  /** An adapter of its own, as another process has one; of another layout when given. */
  open(layout?: QueueLayout): SqsJobQueue;
  /** Closes the adapters and removes the queues. */
  dispose(): Promise<void>;
}

export async function useQueues(): Promise<TestQueues> {
  const config = testAwsConfig();
  const client = createSqsClient(config);
  const pollClient = createSqsPollClient(config);
  const opened: SqsJobQueue[] = [];
  await createQueues(client, config.queues, LANGUAGES);
  return {
    client,
    pollClient,
    config,
    open(layout = config.queues) {
      const logger = silentLogger();
      const queue = new SqsJobQueue({ client, pollClient, layout, languages: LANGUAGES, clock: systemClock, logger });
      opened.push(queue);
      return queue;
    },
    async dispose() {
      await Promise.all(opened.map((queue) => queue.close()));
      const prefix = config.queues.kind === 'per-language' ? config.queues.prefix : '';
      const { QueueUrls: urls = [] } = await client.send(new ListQueuesCommand({ QueueNamePrefix: prefix }));
      for (const url of urls) await client.send(new DeleteQueueCommand({ QueueUrl: url }));
      client.destroy();
      pollClient.destroy();
    },
  };
}
