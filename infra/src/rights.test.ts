import { createDynamoClient, loadAwsConfig, openAwsBackend, type AwsBackend } from '@runyard/shared/adapters/aws';
import { DynamoJobEvents, DynamoLanguageFacts } from '@runyard/shared/adapters/dynamodb';
import { emptyOutcome, outputKey, outputsPrefix, sourceKey, type QueuedJob } from '@runyard/shared/domain';
import { createLogger } from '@runyard/shared/logging';
import { aJobSource, anOutcome, aQueuedJob, ManualClock } from '@runyard/shared/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type RecordedCall, RecordingAws } from './testing/recording-aws.ts';
import { actionsOf, statementsOf, synthesized, type Synthesized } from './testing/synthesized.ts';

/**
 * Each service's calls, as its adapters make them, against its policy: what it calls it may, and what it may it calls. Nothing else would
 * show a missing right before a deployment does.
 */
const LANGUAGES = ['python'];
const TEXT = { contentType: 'text/plain' };
const LARGE = 'x'.repeat(200_000);

let stack: Synthesized;
let aws: RecordingAws;
let backend: AwsBackend;
let job: QueuedJob;
beforeAll(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
  stack = synthesized({}, LANGUAGES);
});
afterAll(() => {
  vi.unstubAllEnvs();
});
beforeEach(async () => {
  aws = await RecordingAws.start();
  const logger = createLogger({ service: 'test', version: '0', level: 'silent' });
  backend = openAwsBackend(config(), { clock: new ManualClock(), logger, languages: LANGUAGES });
  job = aQueuedJob();
  await backend.store.create(job, aJobSource({ code: LARGE }));
  await backend.store.create(aQueuedJob(), aJobSource());
  aws.calls.length = 0;
});
afterEach(async () => {
  await backend.close();
  await aws[Symbol.asyncDispose]();
});

function config() {
  return loadAwsConfig({ AWS_ENDPOINT_URL: aws.endpoint });
}

/** `action kind-of-resource`, such as `sqs:SendMessage work`. */
function called(): Set<string> {
  return new Set(
    aws.calls.map(({ name, body }) => (name.includes(' ') ? objectRight(name) : jsonRight({ name, body }))),
  );
}

function objectRight(name: string): string {
  const [method, path = ''] = name.split(' ');
  const [, , kind] = path.split('?')[0]?.split('/') ?? [];
  if (path.includes('list-type') || kind === undefined || (kind === '' && method === 'HEAD'))
    return 's3:ListBucket bucket';
  // A request that deletes names its objects in its body; they are what the caller has listed.
  if (method === 'POST') return 's3:DeleteObject objects';
  return `s3:${method === 'PUT' ? 'PutObject' : 'GetObject'} ${kind}/*`;
}

function jsonRight({ name, body }: RecordedCall): string {
  const input = JSON.parse(body) as Record<string, string | undefined>;
  const queue = input['QueueUrl'] ?? input['QueueName'];
  if (queue !== undefined) return `sqs:${name.replace('Batch', '')} ${queue.endsWith('-dlq') ? 'dead' : 'work'}`;
  return `dynamodb:${name} ${input['IndexName'] ?? 'table'}`;
}

function granted(...policies: string[]): Set<string> {
  const statements = policies.flatMap((id) => statementsOf(stack.only('AWS::IAM::ManagedPolicy', `${id}Access`)));
  return new Set(
    statements.flatMap((statement) =>
      actionsOf(statement).map((action) => {
        const isDelete = action === 's3:DeleteObject';
        return `${action} ${isDelete ? 'objects' : kindOf(statement.Resource)}`;
      }),
    ),
  );
}

function kindOf(resource: unknown): string {
  const words = JSON.stringify(resource);
  if (words.includes('/index/')) return /\/index\/(\w+)/.exec(words)?.[1] ?? '';
  if (/\/(outputs|sources)\/\*/.test(words)) return /(outputs|sources)\/\*/.exec(words)?.[0] ?? '';
  if (words.includes('Artifacts')) return 'bucket';
  if (words.includes('Jobs')) return 'table';
  return words.includes('DeadLetters') ? 'dead' : 'work';
}

describe('the rights of', () => {
  test('a gateway', async () => {
    const { store, queue, artifacts } = backend;
    const dynamo = createDynamoClient(config());
    await store.create(aQueuedJob(), aJobSource());
    // Second of its id: what it has stored of its source goes again.
    await store.create(job, aJobSource({ code: LARGE }));
    await artifacts.put(sourceKey('twice'), Buffer.from('a'), TEXT);
    await artifacts.put(sourceKey('twice'), Buffer.from('a'), TEXT).catch(() => null);
    await artifacts.get(`s3://${config().bucket}/${outputKey('x', 1, 'combined')}`);
    await queue.send({ executionId: 'x', language: 'python' });
    await queue.depth(LANGUAGES);
    await Promise.all([store.ping(), queue.ping(), artifacts.ping(), store.get(job.executionId)]);
    await new DynamoLanguageFacts({ client: dynamo, table: config().table }).listLanguageVersions();
    const logger = createLogger({ service: 'test', version: '0', level: 'silent' });
    const events = new DynamoJobEvents({ client: dynamo, table: config().table, logger });
    events.subscribe(job.executionId, () => {});
    await expect.poll(() => called()).toContain('dynamodb:BatchGetItem table');
    await events.close();
    dynamo.destroy();
    // A small source of a second submission goes the same way.
    expect(granted('Gateway')).toEqual(called().add('dynamodb:DeleteItem table'));
  });

  test('an executor', async () => {
    const { store, queue, artifacts } = backend;
    const { executionId } = job;
    await store.claim(executionId, { worker: 'w', nowMs: 1, leaseMs: 1 });
    await store.renew(executionId, { attempt: 1, nowMs: 1, leaseMs: 1 });
    await store.getSource(executionId).catch(() => null);
    const path = await artifacts.put(outputKey(executionId, 1, 'combined'), Buffer.from('a'), TEXT);
    await artifacts.get(path);
    await store.settle(executionId, { attempt: 1, nowMs: 1, outcome: anOutcome() });
    await artifacts.deletePrefix(outputsPrefix(executionId));
    const dynamo = createDynamoClient(config());
    const fact = { language: 'python', toolchain: 'Python', worker: 'w', nowMs: 1 };
    await new DynamoLanguageFacts({ client: dynamo, table: config().table }).putLanguageVersion(fact);
    dynamo.destroy();
    const [delivery] = await queue.receive({ languages: LANGUAGES, maxMessages: 1, waitMs: 0, visibilityMs: 1000 });
    await queue.setVisibilities([delivery?.receipt ?? ''], 1000);
    await queue.delete(delivery?.receipt ?? '');
    await Promise.all([store.ping(), queue.ping(), artifacts.ping()]);
    expect(granted('Executor', 'ExecutorQueuepython')).toEqual(called());
  });

  test('a sweeper', async () => {
    const { store, queue } = backend;
    const lateMs = job.createdAtMs + 1;
    expect(await store.listStale({ beforeMs: lateMs, limit: 10 })).not.toEqual([]);
    await store.takeResend(job.executionId, { nowMs: lateMs, pauseMs: 1 });
    await store.giveUp(job.executionId, { nowMs: lateMs, outcome: emptyOutcome('internal_error', null) });
    await queue.send({ executionId: 'x', language: 'python' });
    await queue.depth(LANGUAGES);
    const [delivery] = await queue.receiveDead({ maxMessages: 1, visibilityMs: 1000 });
    await queue.deleteDead(delivery?.receipt ?? '');
    await Promise.all([store.ping(), queue.ping()]);
    expect(granted('Sweeper')).toEqual(called());
  });
});
