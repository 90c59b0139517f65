import { beforeAll, describe, expect, test } from 'vitest';
import { actionsOf, type Statement, statementsOf, synthesized, type Synthesized } from './testing/synthesized.ts';

const LANGUAGES = ['cpp', 'python'];

let stack: Synthesized;
beforeAll(() => {
  stack = synthesized({ RUNYARD_ENV: 'prod', RUNYARD_CELL: '3', RUNYARD_RETENTION_DAYS: '30' }, LANGUAGES);
});

function rights(name: string): readonly Statement[] {
  return statementsOf(stack.only('AWS::IAM::ManagedPolicy', `${name}Access`));
}

function actions(name: string): readonly string[] {
  return rights(name).flatMap(actionsOf).toSorted();
}

test('nothing that holds data goes with the stack', () => {
  const holders = ['AWS::DynamoDB::Table', 'AWS::S3::Bucket', 'AWS::SQS::Queue'].flatMap((type) => stack.all(type));
  expect(holders).toHaveLength(6);
  expect(new Set(holders.map(([, resource]) => resource.DeletionPolicy))).toEqual(new Set(['Retain']));
});

test('the table has backups, protection and an end for each item', () => {
  expect(stack.only('AWS::DynamoDB::Table').Properties).toMatchObject({
    TableName: 'runyard-prod-3-jobs',
    BillingMode: 'PAY_PER_REQUEST',
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    DeletionProtectionEnabled: true,
    TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
  });
});

describe('the bucket', () => {
  test('is closed to the public, belongs to its owner, is encrypted and forgets', () => {
    expect(stack.only('AWS::S3::Bucket').Properties).toMatchObject({
      BucketName: 'runyard-prod-3-artifacts',
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
      },
      LifecycleConfiguration: {
        Rules: ['outputs/', 'sources/'].map((Prefix) => ({
          Prefix,
          Status: 'Enabled',
          ExpirationInDays: 31,
          AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
        })),
      },
    });
  });

  test('refuses what does not come over TLS 1.2, and its policy allows nothing', () => {
    const statements = statementsOf(stack.only('AWS::S3::BucketPolicy'));
    expect(statements.map(({ Effect, Condition }) => [Effect, Condition])).toEqual([
      ['Deny', { Bool: { 'aws:SecureTransport': 'false' } }],
      ['Deny', { NumericLessThan: { 's3:TlsVersion': 1.2 } }],
    ]);
  });
});

describe('queues', () => {
  test('each language has one, with dead letters that are kept for 14 days', () => {
    const queues = new Map(
      stack.all('AWS::SQS::Queue').map(([id, { Properties }]) => [String(Properties['QueueName']), { id, Properties }]),
    );
    expect([...queues.keys()].toSorted()).toEqual([
      'runyard-prod-3-cpp',
      'runyard-prod-3-cpp-dlq',
      'runyard-prod-3-python',
      'runyard-prod-3-python-dlq',
    ]);
    for (const language of LANGUAGES) {
      const [work, dead] = [queues.get(`runyard-prod-3-${language}`), queues.get(`runyard-prod-3-${language}-dlq`)];
      expect(work?.Properties['RedrivePolicy']).toEqual({
        deadLetterTargetArn: { 'Fn::GetAtt': [dead?.id, 'Arn'] },
        maxReceiveCount: 10,
      });
      expect(dead?.Properties['RedrivePolicy']).toBeUndefined();
      expect(dead?.Properties['MessageRetentionPeriod']).toBe(14 * 86_400);
    }
  });

  test('each one is encrypted and refuses what does not come over TLS', () => {
    const denied = stack.all('AWS::SQS::QueuePolicy').flatMap(([, resource]) => {
      const [statement] = statementsOf(resource);
      expect(statement).toMatchObject({
        Effect: 'Deny',
        Action: 'sqs:*',
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      });
      return resource.Properties['Queues'] as { Ref: string }[];
    });
    const queues = stack.all('AWS::SQS::Queue');
    expect(denied.map(({ Ref }) => Ref).toSorted()).toEqual(queues.map(([id]) => id).toSorted());
    expect(queues.every(([, { Properties }]) => Properties['SqsManagedSseEnabled'] === true)).toBe(true);
  });
});

describe('who may do what', () => {
  test('no action and no resource is given whole', () => {
    const statements = stack.all('AWS::IAM::ManagedPolicy').flatMap(([, policy]) => statementsOf(policy));
    expect(statements.length).toBeGreaterThan(10);
    for (const statement of statements) {
      expect(actionsOf(statement).filter((action) => action.includes('*'))).toEqual([]);
      expect([statement.Resource].flat()).not.toContain('*');
    }
  });

  test('an executor reads jobs and sources and writes outputs, no more', () => {
    expect(actions('Executor')).toEqual([
      'dynamodb:GetItem',
      'dynamodb:UpdateItem',
      's3:DeleteObject',
      's3:GetObject',
      's3:GetObject',
      's3:ListBucket',
      's3:PutObject',
    ]);
    const writes = rights('Executor').filter((statement) => actionsOf(statement).includes('s3:PutObject'));
    expect(JSON.stringify(writes.map((statement) => statement.Resource))).toMatch(/outputs\/\*(?!.*sources)/);
  });

  test('an executor takes from its own queue alone, and puts nothing into any', () => {
    for (const language of LANGUAGES) {
      const [statement] = rights(`ExecutorQueue${language}`);
      expect(statement && actionsOf(statement)).not.toContain('sqs:SendMessage');
      const own = stack
        .all('AWS::SQS::Queue')
        .find(([, { Properties }]) => Properties['QueueName'] === `runyard-prod-3-${language}`);
      expect(statement?.Resource).toEqual({ 'Fn::GetAtt': [own?.[0], 'Arn'] });
    }
  });

  test('a gateway sends and never receives, and cannot write outputs', () => {
    expect(actions('Gateway')).not.toContain('sqs:ReceiveMessage');
    const puts = rights('Gateway').filter((statement) => actionsOf(statement).includes('s3:PutObject'));
    expect(JSON.stringify(puts.map((statement) => statement.Resource))).not.toContain('outputs');
  });

  test('a sweeper sees open jobs and dead letters, and no object', () => {
    expect(actions('Sweeper').filter((action) => action.startsWith('s3:'))).toEqual([]);
    expect(JSON.stringify(rights('Sweeper').find(({ Sid }) => Sid === 'OpenJobs')?.Resource)).toContain('/index/open');
    const dead = rights('Sweeper').find(({ Sid }) => Sid === 'DeadLetters');
    const received = ([dead?.Resource].flat() as { 'Fn::GetAtt': [string, string] }[]).map(
      ({ 'Fn::GetAtt': [id] }) => id,
    );
    const names = received.map((id) => stack.resources.get(id)?.Properties['QueueName']);
    expect(new Set(names)).toEqual(new Set(['runyard-prod-3-cpp-dlq', 'runyard-prod-3-python-dlq']));
  });
});
