import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { ThinAws } from './thin-aws.ts';

export interface RecordedCall {
  /** `CreateTable`, `SetQueueAttributes`, or `PUT /bucket?lifecycle` for S3. */
  readonly name: string;
  readonly body: string;
}

/** Takes every call of a set-up, answers as if it had been carried out, and remembers it. */
export class RecordingAws implements AsyncDisposable {
  readonly calls: RecordedCall[] = [];
  readonly #service = new ThinAws();
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
    const isJson = typeof target === 'string';
    const name = isJson ? (target.split('.').at(-1) ?? '') : `${request.method} ${request.url}`;
    this.calls.push({ name, body });
    const answer = isJson
      ? this.#service.json(name, JSON.parse(body) as Record<string, unknown>)
      : this.#service.object(request.method ?? '', new URL(request.url ?? '', 'http://x'));
    response.writeHead(answer.status, { 'content-type': isJson ? 'application/x-amz-json-1.0' : 'application/xml' });
    response.end(answer.body);
  }
}
