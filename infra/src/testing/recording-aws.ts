import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface RecordedCall {
  /** `CreateTable`, `SetQueueAttributes`, or `PUT /bucket?lifecycle` for S3. */
  readonly name: string;
  readonly body: string;
}

const ACCOUNT = '123456789012';

/** Takes every call of a set-up, answers as if it had been carried out, and remembers it. */
export class RecordingAws implements AsyncDisposable {
  readonly calls: RecordedCall[] = [];
  readonly #server = createServer((request, response) => {
    this.#answer(request, response).catch(() => response.destroy());
  });

  static async start(): Promise<RecordingAws> {
    const aws = new RecordingAws();
    aws.#server.listen(0, '127.0.0.1');
    await once(aws.#server, 'listening');
    return aws;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The bodies of all calls of this name, parsed. */
  json(name: string): Record<string, unknown>[] {
    return this.calls
      .filter((call) => call.name === name)
      .map((call) => JSON.parse(call.body) as Record<string, unknown>);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const target = request.headers['x-amz-target'];
    const name = typeof target === 'string' ? (target.split('.').at(-1) ?? '') : `${request.method} ${request.url}`;
    this.calls.push({ name, body });
    const json = typeof target === 'string' ? answers(name, body) : null;
    response.writeHead(200, { 'content-type': json === null ? 'application/xml' : 'application/x-amz-json-1.0' });
    response.end(json === null ? '' : JSON.stringify(json));
  }
}

function answers(name: string, body: string): unknown {
  const input = JSON.parse(body) as Record<string, string>;
  if (name === 'DescribeTable') return { Table: { TableStatus: 'ACTIVE' } };
  if (name === 'CreateQueue') return { QueueUrl: `http://127.0.0.1/${ACCOUNT}/${input['QueueName']}` };
  if (name !== 'GetQueueAttributes') return {};
  const queue = input['QueueUrl']?.split('/').at(-1);
  return { Attributes: { QueueArn: `arn:aws:sqs:us-east-1:${ACCOUNT}:${queue}` } };
}
