import { setTimeout as sleep } from 'node:timers/promises';
import { DeleteQueueCommand, ListQueuesCommand } from '@aws-sdk/client-sqs';
import { silentLogger } from '../../logging/index.ts';
import { jobQueueContract } from '../../testing/index.ts';
import { createSqsClient, createSqsPollClient } from '../aws/aws-clients.ts';
import { testAwsConfig } from '../aws/testing/test-config.ts';
import { systemClock } from '../in-process/index.ts';
import { createQueues, SqsJobQueue } from './index.ts';

const LANGUAGES = ['python', 'c', 'bash'];

jobQueueContract('SQS', async () => {
  const config = testAwsConfig();
  const layout = config.queues;
  const client = createSqsClient(config);
  const pollClient = createSqsPollClient(config);
  await createQueues(client, layout, LANGUAGES);
  const queue = new SqsJobQueue({
    client,
    pollClient,
    layout,
    languages: LANGUAGES,
    clock: systemClock,
    logger: silentLogger(),
  });
  return {
    queue,
    visibilityMs: 5_000,
    async passMs(ms) {
      await sleep(ms);
    },
    async dispose() {
      await queue.close();
      const prefix = layout.kind === 'per-language' ? layout.prefix : '';
      const { QueueUrls: urls = [] } = await client.send(new ListQueuesCommand({ QueueNamePrefix: prefix }));
      for (const url of urls) await client.send(new DeleteQueueCommand({ QueueUrl: url }));
      client.destroy();
      pollClient.destroy();
    },
  };
});
