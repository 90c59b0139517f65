import { bootstrap, loadAwsConfig } from '@runyard/shared/adapters/aws';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { RecordingAws } from './testing/recording-aws.ts';
import { synthesized, type Synthesized } from './testing/synthesized.ts';

/** The set-up of a stand-in and the stack must make the same things: what a test passes on is what is deployed. */
const LANGUAGES = ['cpp', 'python'];

let stack: Synthesized;
let aws: RecordingAws;
beforeAll(async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
  stack = synthesized({}, LANGUAGES);
  aws = await RecordingAws.start();
  await bootstrap(loadAwsConfig({ AWS_ENDPOINT_URL: aws.endpoint }), LANGUAGES);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await aws[Symbol.asyncDispose]();
});

test('the same table, with the same keys, indexes and end of items', () => {
  const table = stack.only('AWS::DynamoDB::Table').Properties;
  const [created] = aws.json('CreateTable');
  for (const part of ['TableName', 'BillingMode', 'KeySchema', 'GlobalSecondaryIndexes'] as const) {
    expect([part, table[part]]).toEqual([part, created?.[part]]);
  }
  expect(new Set(table['AttributeDefinitions'] as unknown[])).toEqual(
    new Set(created?.['AttributeDefinitions'] as unknown[]),
  );
  expect(table['TimeToLiveSpecification']).toEqual(aws.json('UpdateTimeToLive')[0]?.['TimeToLiveSpecification']);
});

test('the same queues, with the same settings and dead letters', () => {
  const created = aws.json('CreateQueue').map((call) => String(call['QueueName']));
  const queues = new Map(
    stack.all('AWS::SQS::Queue').map(([id, { Properties }]) => [String(Properties['QueueName']), { id, Properties }]),
  );
  expect([...queues.keys()].toSorted()).toEqual(created.toSorted());
  const names = new Map([...queues].map(([name, { id }]) => [id, name]));
  for (const call of aws.json('SetQueueAttributes')) {
    const name = String(call['QueueUrl']).split('/').at(-1) ?? '';
    const attributes = call['Attributes'] as Record<string, string>;
    const properties = queues.get(name)?.Properties ?? {};
    for (const part of ['MessageRetentionPeriod', 'VisibilityTimeout']) {
      const expected = attributes[part] === undefined ? undefined : Number(attributes[part]);
      expect([name, part, properties[part]]).toEqual([name, part, expected]);
    }
    expect(redriveOf(properties['RedrivePolicy'], names)).toEqual(
      redriveOf(JSON.parse(attributes['RedrivePolicy'] ?? 'null'), names),
    );
  }
});

test('the same bucket, with the same life of objects', () => {
  const bucket = stack.only('AWS::S3::Bucket').Properties;
  const puts = new Map(
    aws.calls.filter((call) => call.name.startsWith('PUT /')).map((call) => [call.name.replace(/=?$/, ''), call.body]),
  );
  const path = `PUT /${String(bucket['BucketName'])}`;
  expect([...puts.keys()].some((name) => name === path || name === `${path}/`)).toBe(true);
  const lifecycle = [...puts].find(([name]) => name.includes('?lifecycle'))?.[1] ?? '';
  const rules = (bucket['LifecycleConfiguration'] as { Rules: Record<string, unknown>[] }).Rules;
  const texts = lifecycle.split('<Rule>').slice(1);
  expect(texts.map((rule) => [valueOf(rule, 'Prefix'), Number(valueOf(rule, 'Days'))])).toEqual(
    rules.map((rule) => [rule['Prefix'], rule['ExpirationInDays']]),
  );
  expect(texts.map((rule) => Number(valueOf(rule, 'DaysAfterInitiation')))).toEqual([1, 1]);
  const access = [...puts].find(([name]) => name.includes('?publicAccessBlock'))?.[1] ?? '';
  for (const [setting, value] of Object.entries(bucket['PublicAccessBlockConfiguration'] as Record<string, boolean>)) {
    expect([setting, valueOf(access, setting)]).toEqual([setting, String(value)]);
  }
});

/** A redrive policy by the name of its queue, whichever way that is written. */
function redriveOf(policy: unknown, names: ReadonlyMap<string, string>): unknown {
  const { deadLetterTargetArn: arn, maxReceiveCount } = (policy ?? {}) as Record<string, unknown>;
  const name =
    typeof arn === 'string'
      ? arn.split(':').at(-1)
      : names.get((arn as { 'Fn::GetAtt'?: string[] } | undefined)?.['Fn::GetAtt']?.[0] ?? '');
  return { name, maxReceiveCount };
}

function valueOf(xml: string, element: string): string | undefined {
  return new RegExp(`<${element}>([^<]*)</${element}>`).exec(xml)?.[1];
}
