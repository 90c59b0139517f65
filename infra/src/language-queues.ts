import { QUEUE_SETTINGS } from '@runyard/shared/adapters/sqs';
import { deadLetterQueueName, queueName } from '@runyard/shared/domain';
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';

export interface LanguageQueues {
  readonly queue: Queue;
  readonly deadLetters: Queue;
}

/** The two queues of one language: standard ones, encrypted, refusing what does not come over TLS. */
export function languageQueues(
  scope: Construct,
  { prefix, language }: { prefix: string; language: string },
): LanguageQueues {
  const { maxReceiveCount, retentionSec, visibilitySec } = QUEUE_SETTINGS;
  const common = {
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    removalPolicy: RemovalPolicy.RETAIN,
  };
  const deadLetters = new Queue(scope, `DeadLetters-${language}`, {
    ...common,
    queueName: deadLetterQueueName(prefix, language),
    retentionPeriod: Duration.seconds(retentionSec.dead),
  });
  const queue = new Queue(scope, `Queue-${language}`, {
    ...common,
    queueName: queueName(prefix, language),
    // Services say it with each receive; this is for whoever looks in by hand.
    visibilityTimeout: Duration.seconds(visibilitySec),
    retentionPeriod: Duration.seconds(retentionSec.work),
    deadLetterQueue: { queue: deadLetters, maxReceiveCount: maxReceiveCount.perLanguage },
  });
  return { queue, deadLetters };
}
