import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  SetQueueAttributesCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { deadLetterQueueName, LEASE_MS, queueName } from '../../domain/index.ts';
import { DependencyUnavailableError } from '../../errors/index.ts';
import type { QueueLayout } from './queue-directory.ts';
import { MAX_RECEIVE_COUNT } from './sqs-job-queue.ts';
import { translated } from './sqs-errors.ts';

const DAY_SEC = 24 * 3600;
/** In the one queue of all languages a message also comes to executors that do not serve its language. */
const MAX_RECEIVE_COUNT_SHARED = 1000;

/** Settings of the queues of work and of dead letters, in seconds; a deployment with its own templates must have the same. */
export const QUEUE_SETTINGS = {
  visibilitySec: LEASE_MS / 1000,
  /** What the API allows at most for dead letters: their clock started with the first send. */
  retentionSec: { work: 4 * DAY_SEC, dead: 14 * DAY_SEC },
  maxReceiveCount: { perLanguage: MAX_RECEIVE_COUNT, shared: MAX_RECEIVE_COUNT_SHARED },
} as const;

/** A queue and its dead letters for each language, or the two of a shared layout. Idempotent; settings are brought up to date. */
export async function createQueues(
  client: SQSClient,
  layout: QueueLayout,
  languages: readonly string[],
): Promise<void> {
  const names =
    layout.kind === 'single'
      ? [sharedNames(layout.url)]
      : languages.map((language) => ({
          work: queueName(layout.prefix, language),
          dead: deadLetterQueueName(layout.prefix, language),
        }));
  const { perLanguage, shared } = QUEUE_SETTINGS.maxReceiveCount;
  const maxReceiveCount = layout.kind === 'single' ? shared : perLanguage;
  await translated(() => Promise.all(names.map((pair) => createPair(client, pair, maxReceiveCount))));
}

function sharedNames(url: string): { work: string; dead: string } {
  const work = new URL(url).pathname.split('/').at(-1) ?? '';
  return { work, dead: `${work}-dlq` };
}

async function createPair(
  client: SQSClient,
  { work, dead }: { readonly work: string; readonly dead: string },
  maxReceiveCount: number,
): Promise<void> {
  const { retentionSec, visibilitySec } = QUEUE_SETTINGS;
  const deadUrl = await create(client, dead, { MessageRetentionPeriod: String(retentionSec.dead) });
  const { Attributes: attributes } = await client.send(
    new GetQueueAttributesCommand({ QueueUrl: deadUrl, AttributeNames: ['QueueArn'] }),
  );
  await create(client, work, {
    MessageRetentionPeriod: String(retentionSec.work),
    VisibilityTimeout: String(visibilitySec),
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn: attributes?.['QueueArn'], maxReceiveCount }),
  });
}

/** Attributes are set apart: creating an existing queue with others than it has is an error. */
async function create(client: SQSClient, name: string, attributes: Record<string, string>): Promise<string> {
  const { QueueUrl: url } = await client.send(new CreateQueueCommand({ QueueName: name }));
  if (url === undefined) throw new DependencyUnavailableError('The job queue does not answer.');
  await client.send(new SetQueueAttributesCommand({ QueueUrl: url, Attributes: attributes }));
  return url;
}
