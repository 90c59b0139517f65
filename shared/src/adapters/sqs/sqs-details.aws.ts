import { GetQueueAttributesCommand, ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { FatalDependencyError } from '../../errors/index.ts';
import { createSqsClient } from '../aws/aws-clients.ts';
import { testAwsConfig } from '../aws/testing/test-config.ts';
import { createQueues, type QueueLayout } from './index.ts';
import { LANGUAGES, type TestQueues, useQueues } from './testing/queues.ts';

/** Far longer than a test: what is swallowed does not come again in time. */
const LONG_MS = 600_000;
const PYTHON = { languages: ['python'], maxMessages: 10, waitMs: 20_000, visibilityMs: LONG_MS };

let queues: TestQueues;
beforeEach(async () => {
  queues = await useQueues();
});
afterEach(() => queues.dispose());

function urlOf(name: string): string {
  return `${queues.config.endpoints.sqs ?? ''}/000000000000/${name}`;
}

function nameOf(language: string): string {
  return queues.config.queues.kind === 'per-language' ? queues.config.queues.prefix + language : '';
}

test('on the wire stand the id and the language, in the group of the owner', async () => {
  await queues.open().send({ executionId: 'a', language: 'python' }, { group: 'owner-1' });
  const { Messages: messages } = await queues.client.send(
    new ReceiveMessageCommand({
      QueueUrl: urlOf(nameOf('python')),
      MessageSystemAttributeNames: ['MessageGroupId'],
      WaitTimeSeconds: 5,
    }),
  );
  expect(messages).toMatchObject([
    { Body: '{"executionId":"a","language":"python"}', Attributes: { MessageGroupId: 'owner-1' } },
  ]);
});

test.each([[['python']], [['python', 'c']]])('an aborted long poll of %j swallows nothing', async (languages) => {
  const dying = queues.open();
  const controller = new AbortController();
  const onTheWire = vi.spyOn(queues.pollClient, 'send');
  const waiting = dying.receive({ ...PYTHON, languages, signal: controller.signal });
  await vi.waitFor(() => expect(onTheWire).toHaveBeenCalledTimes(languages.length), 20_000);
  controller.abort();
  expect(await waiting).toEqual([]);
  await dying.send({ executionId: 'a', language: 'python' });
  expect(await queues.open().receive(PYTHON)).toMatchObject([{ message: { executionId: 'a' } }]);
});

test('receivers of all languages share the work: every message once, none dead, none left', async () => {
  const sent = LANGUAGES.flatMap((language) => Array.from({ length: 20 }, (_, index) => `${language}${index}`));
  const sender = queues.open();
  const received: string[] = [];
  const workers = Array.from({ length: 4 }, async () => {
    const queue = queues.open();
    while (received.length < sent.length) {
      const batch = await queue.receive({ ...PYTHON, languages: LANGUAGES, maxMessages: 2, waitMs: 1_000 });
      expect(batch.length).toBeLessThanOrEqual(2);
      for (const { message, receipt } of batch) {
        received.push(message.executionId);
        expect(await queue.delete(receipt)).toBe(true);
      }
    }
  });
  for (const id of sent) await sender.send({ executionId: id, language: id.replace(/\d+/, '') });
  await Promise.all(workers);
  expect(received.toSorted()).toEqual(sent.toSorted());
  expect(await sender.depth(LANGUAGES)).toBe(0);
  expect(await sender.receiveDead({ maxMessages: 10, visibilityMs: LONG_MS })).toEqual([]);
});

test('what is no message of ours ends among the dead letters and comes to nobody', async () => {
  const queue = queues.open();
  const url = urlOf(nameOf('python'));
  await queues.client.send(new SendMessageCommand({ QueueUrl: url, MessageBody: '{"hello":1}' }));
  expect(await queue.receive({ ...PYTHON, waitMs: 0 })).toEqual([]);
  await queue.send({ executionId: 'a', language: 'python' });
  expect(await queue.receive(PYTHON)).toMatchObject([{ message: { executionId: 'a' } }]);
  expect(await queue.depth(['python'])).toBe(2);
});

test('one queue for all: a receiver of some languages leaves the others to others', async () => {
  const layout: QueueLayout = { kind: 'single', url: urlOf(nameOf('all')) };
  await createQueues(queues.client, layout, LANGUAGES);
  const [onlyC, all] = [queues.open(layout), queues.open(layout)];
  for (const language of LANGUAGES) await all.send({ executionId: `for-${language}`, language });
  const request = { ...PYTHON, maxMessages: 1 };
  expect(await onlyC.receive({ ...request, languages: ['c'] })).toMatchObject([{ message: { executionId: 'for-c' } }]);
  const rest: string[] = [];
  while (rest.length < 2) {
    const batch = await all.receive({ ...request, languages: LANGUAGES });
    rest.push(...batch.map(({ message }) => message.executionId));
  }
  expect(rest.toSorted()).toEqual(['for-bash', 'for-python']);
  expect(await all.depth(['python'])).toBe(3);
  expect(await all.receiveDead({ maxMessages: 1, visibilityMs: LONG_MS })).toEqual([]);
});

test('a queue that does not exist is an error that does not pass', async () => {
  const queue = queues.open({ kind: 'per-language', prefix: 'no-such-' });
  await expect(queue.receive(PYTHON)).rejects.toBeInstanceOf(FatalDependencyError);
  await expect(queue.receive({ ...PYTHON, languages: LANGUAGES })).rejects.toBeInstanceOf(FatalDependencyError);
  await expect(queue.send({ executionId: 'a', language: 'c' })).rejects.toBeInstanceOf(FatalDependencyError);
  await expect(queue.ping()).rejects.toBeInstanceOf(FatalDependencyError);
});

test('a server that does not answer may come back', async () => {
  const client = createSqsClient(testAwsConfig({ AWS_ENDPOINT_URL_SQS: 'http://127.0.0.1:1' }));
  const nowhere = createQueues(client, queues.config.queues, ['python']);
  const error: unknown = await nowhere.catch((thrown: unknown) => thrown);
  client.destroy();
  expect(error).toMatchObject({ code: 'dependency_unavailable', isRetryable: true });
  expect(error).not.toBeInstanceOf(FatalDependencyError);
});

test('queues are made once, by however many at once, and brought up to date', async () => {
  await Promise.all([1, 2, 3].map(() => createQueues(queues.client, queues.config.queues, LANGUAGES)));
  const { Attributes: attributes } = await queues.client.send(
    new GetQueueAttributesCommand({ QueueUrl: urlOf(nameOf('python')), AttributeNames: ['All'] }),
  );
  expect(attributes).toMatchObject({ VisibilityTimeout: '45', MessageRetentionPeriod: '345600' });
  expect(JSON.parse(attributes?.['RedrivePolicy'] ?? '')).toEqual({
    deadLetterTargetArn: `arn:aws:sqs:us-east-1:000000000000:${nameOf('python')}-dlq`,
    maxReceiveCount: 10,
  });
});
