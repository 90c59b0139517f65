import { z } from 'zod';
import { field, parseEnv, type Env } from '../../config/index.ts';
import type { QueueLayout } from '../sqs/index.ts';
import { bucketName, MAX_CELL, queuePrefix, tableName, type Deployment } from '../../domain/index.ts';

/** Where a service is reached when it is not AWS itself; undefined leaves it to the SDK and the region. */
export interface AwsEndpoints {
  readonly dynamodb: string | undefined;
  readonly sqs: string | undefined;
  readonly s3: string | undefined;
  /** Where clients of ours reach the bucket. The host name is part of a link's signature, so it cannot be exchanged later. */
  readonly s3Public: string | undefined;
}

export interface AwsConfig {
  readonly deployment: Deployment;
  readonly region: string;
  readonly endpoints: AwsEndpoints;
  readonly table: string;
  /** One queue per language, or one for all (`SQS_QUEUE_URL`), where every executor has to serve every language. */
  readonly queues: QueueLayout;

  readonly bucket: string;
  /** How long jobs and what they left are kept. */
  readonly retentionDays: number;
}

const endpoint = () =>
  field
    .text()
    .refine((value) => /^https?:$/.test(protocolOf(value)), 'must be an address such as http://localhost:4566');

/** Rules of DynamoDB, SQS and S3 for names: what breaks them would fail at the first call, with words of theirs. */
const NAME = {
  table: /^[A-Za-z0-9_.-]{3,255}$/,
  /** A queue name has 80 characters at most, and the language and `-dlq` follow. */
  queuePrefix: /^[A-Za-z0-9_-]{1,60}$/,
  bucket: /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
  env: /^[a-z0-9]{1,20}$/,
};

const schema = z.object({
  AWS_REGION: field.text().default('us-east-1'),
  AWS_ENDPOINT_URL: endpoint().optional(),
  AWS_ENDPOINT_URL_DYNAMODB: endpoint().optional(),
  AWS_ENDPOINT_URL_SQS: endpoint().optional(),
  AWS_ENDPOINT_URL_S3: endpoint().optional(),
  S3_PUBLIC_ENDPOINT: endpoint().optional(),
  DYNAMODB_TABLE: field.text().regex(NAME.table, 'must be a name of a DynamoDB table').optional(),
  SQS_QUEUE_PREFIX: field.text().regex(NAME.queuePrefix, 'must be 1 to 60 letters, digits, - or _').optional(),
  SQS_QUEUE_URL: endpoint().optional(),
  CODE_EXEC_BUCKET: field.text().regex(NAME.bucket, 'must be a name of an S3 bucket').optional(),
  RUNYARD_ENV: field.text().regex(NAME.env, 'must be 1 to 20 lower-case letters or digits').default('dev'),
  RUNYARD_RETENTION_DAYS: field.integer({ min: 1, max: 3650 }).default(7),
  RUNYARD_CELL: field.integer({ min: 0, max: MAX_CELL }).default(0),
});

/**
 * What the AWS adapters need to know. Credentials are not in it: the SDK finds them (task role, profile, variables).
 * @throws ConfigError with all problems.
 */
export function loadAwsConfig(env: Env): AwsConfig {
  const values = parseEnv(schema, env);
  const deployment = { env: values.RUNYARD_ENV, cell: values.RUNYARD_CELL };
  const s3 = values.AWS_ENDPOINT_URL_S3 ?? values.AWS_ENDPOINT_URL;
  return {
    deployment,
    region: values.AWS_REGION,
    endpoints: {
      dynamodb: values.AWS_ENDPOINT_URL_DYNAMODB ?? values.AWS_ENDPOINT_URL,
      sqs: values.AWS_ENDPOINT_URL_SQS ?? values.AWS_ENDPOINT_URL,
      s3,
      s3Public: values.S3_PUBLIC_ENDPOINT ?? s3,
    },
    table: values.DYNAMODB_TABLE ?? tableName(deployment),
    queues:
      values.SQS_QUEUE_URL === undefined
        ? { kind: 'per-language', prefix: values.SQS_QUEUE_PREFIX ?? queuePrefix(deployment) }
        : { kind: 'single', url: values.SQS_QUEUE_URL },
    bucket: values.CODE_EXEC_BUCKET ?? bucketName(deployment),
    retentionDays: values.RUNYARD_RETENTION_DAYS,
  };
}

function protocolOf(value: string): string {
  return URL.canParse(value) ? new URL(value).protocol : '';
}
