import { once } from 'node:events';
import { Agent, createServer, request, type IncomingHttpHeaders, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export type AwsService = 'DYNAMODB' | 'SQS' | 'S3';

/** One call of an AWS client, as the proxy in front of the server sees it. */
export interface AwsCall {
  readonly service: AwsService;
  /** As AWS names it (`ReceiveMessage`, `UpdateItem`); for S3 the method. */
  readonly operation: string;
  /** Of the request, without its query. */
  readonly path: string;
  readonly body: string;
  /** Before the server has it, or after the server has answered and before the client knows. */
  readonly phase: 'before' | 'after';
  /** What the server answered; null before. */
  readonly answer: { readonly status: number; readonly body: string } | null;
}

/**
 * What becomes of a call: `pass`; `cut` the connection (before: the server never hears of it; after: it did, and the client does
 * not know); an error answer in the server's place; or a pause first. A hook that takes its time keeps the call waiting.
 */
export type Fate = 'pass' | 'cut' | PlantedError | { readonly delayMs: number };

export interface PlantedError {
  readonly status: number;
  readonly code: string;
  readonly message?: string;
}

export type Hook = (call: AwsCall) => Fate | Promise<Fate>;

/** A proxy in front of one AWS-compatible server. `hook` is asked twice per call. */
export class AwsProxy implements AsyncDisposable {
  readonly url: string;
  hook: Hook = () => 'pass';
  readonly #server: Server;
  readonly #target: URL;
  readonly #service: AwsService;
  readonly #agent = new Agent({ keepAlive: true });

  static async start(service: AwsService, target: string): Promise<AwsProxy> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new AwsProxy(server, service, new URL(target));
  }

  private constructor(server: Server, service: AwsService, target: URL) {
    this.#server = server;
    this.#service = service;
    this.#target = target;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('request', (incoming, response) => {
      this.#handle(incoming).then(
        (answer) => {
          if (answer === 'cut') incoming.socket.destroy();
          else response.writeHead(answer.status, answer.headers).end(answer.body);
        },
        // The server behind is gone: to the client that is a broken connection.
        () => incoming.socket.destroy(),
      );
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
    this.#agent.destroy();
  }

  async #handle(incoming: IncomingMessage): Promise<Answer | 'cut'> {
    const body = await readAll(incoming);
    const path = (incoming.url ?? '').replace(/\?.*/s, '');
    const call = { service: this.#service, operation: operationOf(incoming), path, body: body.toString('latin1') };
    const before = await this.#fate({ ...call, phase: 'before', answer: null });
    if (before !== 'pass') return before;
    const answer = await this.#forward(incoming, body);
    const told = { status: answer.status, body: answer.body.toString('latin1') };
    const after = await this.#fate({ ...call, phase: 'after', answer: told });
    return after === 'pass' ? answer : after;
  }

  async #fate(call: AwsCall): Promise<Answer | 'cut' | 'pass'> {
    const fate = await this.hook(call);
    if (fate === 'pass' || fate === 'cut') return fate;
    if ('status' in fate) return errorAnswer(this.#service, fate);
    await sleep(fate.delayMs);
    return 'pass';
  }

  async #forward(incoming: IncomingMessage, body: Buffer): Promise<Answer> {
    const outgoing = request({
      host: this.#target.hostname,
      port: this.#target.port,
      method: incoming.method,
      path: incoming.url,
      headers: incoming.headers,
      agent: this.#agent,
    });
    outgoing.end(body);
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    return {
      status: response.statusCode ?? 502,
      headers: withoutLength(response.headers),
      body: await readAll(response),
    };
  }
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

function withoutLength(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const { 'transfer-encoding': _encoding, 'content-length': _length, connection: _connection, ...kept } = headers;
  return kept;
}

/** DynamoDB and SQS name the error in a header and in JSON, S3 in XML. */
function errorAnswer(service: AwsService, { status, code, message = 'planted' }: PlantedError): Answer {
  if (service === 'S3') {
    const body = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`;
    return { status, headers: { 'content-type': 'application/xml' }, body: Buffer.from(body) };
  }
  const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-errortype': code };
  return { status, headers, body: Buffer.from(JSON.stringify({ __type: code, message })) };
}

function operationOf({ method = '', headers }: IncomingMessage): string {
  const target = headers['x-amz-target'];
  return typeof target === 'string' ? target.slice(target.indexOf('.') + 1) : method;
}

async function readAll(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}
