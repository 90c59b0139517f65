import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { AwsConfig } from './aws-config.ts';

const CONNECTION_TIMEOUT_MS = 2_000;
/** For calls that answer at once. The SDK's own default is to wait for ever. */
const REQUEST_TIMEOUT_MS = 5_000;
/** A poll waits 5 s at most (`LongPolls`); an answer that takes as long again does not come. While one is waited for, nothing is received. */
const POLL_TIMEOUT_MS = 10_000;
/** A whole output of 16 MiB in either direction, at 10 Mbit/s. */
const OBJECT_TIMEOUT_MS = 15_000;

/** The endpoint is given in so many words: with variables alone, the host in a queue's URL would win over it. */
function base(region: string, endpoint: string | undefined, requestTimeoutMs: number) {
  return {
    region,
    ...(endpoint === undefined ? {} : { endpoint }),
    requestHandler: {
      connectionTimeout: CONNECTION_TIMEOUT_MS,
      requestTimeout: requestTimeoutMs,
      throwOnRequestTimeout: true,
    },
  };
}

export function createDynamoClient({ region, endpoints }: AwsConfig): DynamoDBClient {
  return new DynamoDBClient({ ...base(region, endpoints.dynamodb, REQUEST_TIMEOUT_MS), maxAttempts: 3 });
}

export function createSqsClient({ region, endpoints }: AwsConfig): SQSClient {
  return new SQSClient({
    ...base(region, endpoints.sqs, REQUEST_TIMEOUT_MS),
    maxAttempts: 3,
    useQueueUrlAsEndpoint: endpoints.sqs === undefined,
  });
}

/** For long polls alone: they hold their connections, and a lost answer is not asked for again (see `SqsJobQueue`). */
export function createSqsPollClient({ region, endpoints }: AwsConfig): SQSClient {
  return new SQSClient({
    ...base(region, endpoints.sqs, POLL_TIMEOUT_MS),
    maxAttempts: 1,
    useQueueUrlAsEndpoint: endpoints.sqs === undefined,
  });
}

export function createS3Client({ region, endpoints }: AwsConfig): S3Client {
  return new S3Client({
    ...base(region, endpoints.s3, OBJECT_TIMEOUT_MS),
    maxAttempts: 3,
    forcePathStyle: endpoints.s3 !== undefined,
  });
}

/** Makes links and no calls. Checksums stay out of them: a browser that follows one cannot check any. */
export function createS3SigningClient({ region, endpoints }: AwsConfig): S3Client {
  return new S3Client({
    ...base(region, endpoints.s3Public, OBJECT_TIMEOUT_MS),
    forcePathStyle: endpoints.s3Public !== undefined,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
}
