/**
 * What each service may do, and nothing else: the code of a service is the list. Attached to task roles by the stacks that run them.
 *
 * The executor is the one that runs next to other people's programs: it may not put a job or a message into the system, not list or
 * scan the table, not see the queues of other languages, and write only outputs. It may remove outputs (of a job that was deleted while
 * it ran) and list the names of objects, without which S3 answers 403 instead of 404 for what is not there.
 */
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import { ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { OPEN_INDEX } from '@runyard/shared/adapters/dynamodb';
import type { LanguageQueues } from './language-queues.ts';

export interface DataResources {
  readonly table: Table;
  readonly bucket: Bucket;
  readonly queues: ReadonlyMap<string, LanguageQueues>;
}

export interface AccessPolicies {
  readonly gateway: ManagedPolicy;
  /** Table and bucket, for every executor. */
  readonly executor: ManagedPolicy;
  /** The queue of one language, by language: an executor has those of the languages that it serves. */
  readonly executorQueue: ReadonlyMap<string, ManagedPolicy>;
  readonly sweeper: ManagedPolicy;
}

export function accessPolicies(scope: Construct, data: DataResources): AccessPolicies {
  const queues = [...data.queues.values()].map(({ queue }) => queue.queueArn);
  const deadLetters = [...data.queues.values()].map(({ deadLetters }) => deadLetters.queueArn);
  const table = [data.table.tableArn];
  const bucket = [data.bucket.bucketArn];
  const outputs = [data.bucket.arnForObjects(ALL_OUTPUTS)];
  const sources = [data.bucket.arnForObjects(ALL_SOURCES)];
  const open = [`${data.table.tableArn}/index/${OPEN_INDEX.name}`];
  return {
    gateway: policy(scope, 'Gateway', [
      // It deletes only what a submission that came second has written of its source.
      allow('Jobs', table, JOB_READS, 'dynamodb:PutItem', 'dynamodb:DeleteItem'),
      allow('Send', queues, QUEUE_FACTS, 'sqs:SendMessage'),
      allow('Bucket', bucket, ['s3:ListBucket']),
      allow('Outputs', outputs, ['s3:GetObject']),
      allow('Sources', sources, ['s3:PutObject', 's3:GetObject', 's3:DeleteObject']),
    ]),
    executor: policy(scope, 'Executor', [
      allow('Jobs', table, ['dynamodb:GetItem', 'dynamodb:UpdateItem']),
      allow('Bucket', bucket, ['s3:ListBucket']),
      allow('Outputs', outputs, ['s3:PutObject', 's3:GetObject', 's3:DeleteObject']),
      allow('Sources', sources, ['s3:GetObject']),
    ]),
    executorQueue: new Map(
      Array.from(data.queues, ([language, { queue }]) => [
        language,
        policy(scope, `ExecutorQueue-${language}`, [
          allow(
            'Receive',
            [queue.queueArn],
            QUEUE_FACTS,
            'sqs:ReceiveMessage',
            'sqs:DeleteMessage',
            'sqs:ChangeMessageVisibility',
          ),
        ]),
      ]),
    ),
    sweeper: policy(scope, 'Sweeper', [
      allow('Jobs', table, JOB_READS, 'dynamodb:UpdateItem'),
      allow('OpenJobs', open, ['dynamodb:Query']),
      allow('Send', queues, QUEUE_FACTS, 'sqs:SendMessage'),
      allow('DeadLetters', deadLetters, ['sqs:GetQueueUrl', 'sqs:ReceiveMessage', 'sqs:DeleteMessage']),
    ]),
  };
}

/** The ids of jobs, and so the keys, are random: a service that may touch one object may touch all of its kind. */
export const ALL_OUTPUTS = 'outputs/*';
export const ALL_SOURCES = 'sources/*';

const JOB_READS = ['dynamodb:GetItem', 'dynamodb:BatchGetItem'];
const QUEUE_FACTS = ['sqs:GetQueueUrl', 'sqs:GetQueueAttributes'];

function allow(sid: string, resources: string[], actions: string[], ...more: string[]): PolicyStatement {
  return new PolicyStatement({ sid, resources, actions: [...actions, ...more] });
}

function policy(scope: Construct, id: string, statements: PolicyStatement[]): ManagedPolicy {
  return new ManagedPolicy(scope, `${id}Access`, { description: `Runyard: ${id}`, statements });
}
