import { expect, test } from 'vitest';
import { ConfigError } from '../../config/index.ts';
import { loadAwsConfig } from './aws-config.ts';

const NOWHERE = { dynamodb: undefined, sqs: undefined, s3: undefined, s3Public: undefined };

test('names come from the environment and the cell', () => {
  expect(loadAwsConfig({})).toEqual({
    deployment: { env: 'dev', cell: 0 },
    region: 'us-east-1',
    endpoints: NOWHERE,
    table: 'runyard-dev-0-jobs',
    queues: { kind: 'per-language', prefix: 'runyard-dev-0-' },
    bucket: 'runyard-dev-0-artifacts',
    retentionDays: 7,
  });
  expect(loadAwsConfig({ RUNYARD_ENV: 'prod', RUNYARD_CELL: '7', AWS_REGION: 'eu-west-1' })).toMatchObject({
    region: 'eu-west-1',
    table: 'runyard-prod-7-jobs',
    queues: { prefix: 'runyard-prod-7-' },
  });
});

test('every name can be given', () => {
  const env = { DYNAMODB_TABLE: 'Jobs', SQS_QUEUE_PREFIX: 'q-', CODE_EXEC_BUCKET: 'my.bucket' };
  expect(loadAwsConfig(env)).toMatchObject({
    table: 'Jobs',
    queues: { kind: 'per-language', prefix: 'q-' },
    bucket: 'my.bucket',
  });
});

test('the address of one queue replaces the queues per language', () => {
  const url = 'http://localhost:4566/000000000000/jobs';
  expect(loadAwsConfig({ SQS_QUEUE_URL: url, SQS_QUEUE_PREFIX: 'q-' }).queues).toEqual({ kind: 'single', url });
});

test('one endpoint serves all, a particular one wins, and links have a host of their own', () => {
  const all = 'http://localstack:4566';
  expect(loadAwsConfig({ AWS_ENDPOINT_URL: all }).endpoints).toEqual({
    dynamodb: all,
    sqs: all,
    s3: all,
    s3Public: all,
  });
  expect(
    loadAwsConfig({
      AWS_ENDPOINT_URL: all,
      AWS_ENDPOINT_URL_DYNAMODB: 'http://dynamo:8000',
      S3_PUBLIC_ENDPOINT: 'http://localhost:4566',
    }).endpoints,
  ).toEqual({ dynamodb: 'http://dynamo:8000', sqs: all, s3: all, s3Public: 'http://localhost:4566' });
});

test.each([
  ['AWS_ENDPOINT_URL', 'localhost:4566'],
  ['S3_PUBLIC_ENDPOINT', 'ftp://host'],
  ['SQS_QUEUE_URL', 'runyard-queue'],
  ['DYNAMODB_TABLE', 'a b'],
  ['SQS_QUEUE_PREFIX', 'a.b-'],
  ['SQS_QUEUE_PREFIX', 'a'.repeat(61)],
  ['CODE_EXEC_BUCKET', 'Upper'],
  ['RUNYARD_ENV', 'a-b'],
  ['RUNYARD_CELL', '256'],
  ['AWS_REGION', ''],
])('refuses %s=%j by name', (variable, value) => {
  let problems: readonly { variable: string }[] = [];
  try {
    loadAwsConfig({ [variable]: value });
  } catch (error) {
    if (error instanceof ConfigError) problems = error.problems;
  }
  expect(problems.map((problem) => problem.variable)).toEqual([variable]);
});
