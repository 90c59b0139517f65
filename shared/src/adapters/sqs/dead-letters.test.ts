import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, expect, test, vi } from 'vitest';
import { silentLogger } from '../../logging/index.ts';
import { systemClock } from '../in-process/index.ts';
import { type QueueLayout, SqsJobQueue } from './index.ts';

const LANGUAGES = ['bash', 'c', 'python'];
const ASK = { maxMessages: 10, visibilityMs: 60_000 };

let server: Server;
let client: SQSClient;

afterEach(() => {
  client.destroy();
  server.closeAllConnections();
  server.close();
});

const PER_LANGUAGE: QueueLayout = { kind: 'per-language', prefix: 't-' };
const logger = silentLogger();

/** As SQS answers: one letter in each queue of dead letters, but for those that do not exist; no queue has a redrive policy. */
async function openWithout(missing: readonly string[], layout = PER_LANGUAGE): Promise<SqsJobQueue> {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const asked = JSON.parse(Buffer.concat(chunks).toString()) as { QueueName?: string; QueueUrl?: string };
      const name = asked.QueueName ?? asked.QueueUrl?.split('/').at(-1) ?? '';
      const language = LANGUAGES.find((id) => name === `t-${id}-dlq`) ?? '';
      if (missing.includes(language)) {
        response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' });
        return response.end(JSON.stringify({ __type: 'com.amazonaws.sqs#QueueDoesNotExist', message: name }));
      }
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' });
      if (request.headers['x-amz-target'] === 'AmazonSQS.GetQueueAttributes')
        return response.end(JSON.stringify({ Attributes: {} }));
      if (asked.QueueName !== undefined) return response.end(JSON.stringify({ QueueUrl: `http://x/1/${name}` }));
      const Body = JSON.stringify({ executionId: `job-${language}`, language });
      const MD5OfBody = createHash('md5').update(Body).digest('hex');
      const Messages = [{ MessageId: language, ReceiptHandle: `h-${language}`, Body, MD5OfBody, Attributes: {} }];
      return response.end(JSON.stringify({ Messages }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  client = new SQSClient({
    region: 'us-east-1',
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    useQueueUrlAsEndpoint: false,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  return new SqsJobQueue({ client, pollClient: client, layout, languages: LANGUAGES, clock: systemClock, logger });
}

async function receivedLanguages(queue: SqsJobQueue): Promise<readonly string[]> {
  const deliveries = await queue.receiveDead(ASK);
  return deliveries.map(({ message }) => message.language).toSorted();
}

test('a queue of dead letters that is not there keeps nobody from those of the others', async () => {
  const queue = await openWithout(['c']);
  // Whichever queue is the first one asked.
  for (let turn = 0; turn < LANGUAGES.length; turn += 1)
    expect(await receivedLanguages(queue)).toEqual(['bash', 'python']);
});

test('that none is there is told', async () => {
  const queue = await openWithout(LANGUAGES);
  await expect(queue.receiveDead(ASK)).rejects.toMatchObject({ message: 'The job queue refuses this server.' });
});

test('one queue for all without a redrive policy has no dead letters, which is said once', async () => {
  const warn = vi.spyOn(logger, 'warn');
  const queue = await openWithout([], { kind: 'single', url: 'http://x/1/all' });
  for (let sweep = 0; sweep < 3; sweep += 1) expect(await queue.receiveDead(ASK)).toEqual([]);
  expect(warn.mock.calls).toEqual([[expect.stringContaining('no redrive policy')]]);
});
