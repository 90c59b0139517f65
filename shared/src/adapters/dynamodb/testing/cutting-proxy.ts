import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { testEndpoint } from './table.ts';

/**
 * Stands between a store and DynamoDB. Requests go through whole; the answer of those that `cutNext` names is swallowed and the
 * connection cut, as when a network fails after the request was carried out.
 */
export class CuttingProxy implements AsyncDisposable {
  readonly #server = createServer((incoming, outgoing) => {
    this.#forward(incoming, outgoing).catch(() => outgoing.destroy());
  });
  #operation: string | null = null;
  #skip = 0;
  #cuts = 0;
  /** Operations in the order in which they arrived, such as `UpdateItem`. */
  readonly operations: string[] = [];

  static async start(): Promise<CuttingProxy> {
    const proxy = new CuttingProxy();
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Swallows the answers of the next `times` calls of this operation, after letting `skip` of them be. */
  cutNext(operation: string, { times = 1, skip = 0 }: { times?: number; skip?: number } = {}): void {
    this.#operation = operation;
    this.#cuts = times;
    this.#skip = skip;
  }

  get hasCut(): boolean {
    return this.#cuts === 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #forward(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const operation = String(incoming.headers['x-amz-target']).split('.').at(-1) ?? '';
    this.operations.push(operation);
    const body = await buffer(incoming);
    const { method, headers, url } = incoming;
    const forwarded = request(new URL(url ?? '/', testEndpoint()), { method: method ?? 'POST', headers });
    forwarded.end(body);
    const [answer] = (await once(forwarded, 'response')) as [IncomingMessage];
    const answerBody = await buffer(answer);
    if (this.#isToCut(operation)) {
      incoming.socket.destroy();
      return;
    }
    outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
    outgoing.end(answerBody);
  }

  #isToCut(operation: string): boolean {
    if (operation !== this.#operation || this.#cuts === 0) return false;
    if (this.#skip > 0) {
      this.#skip -= 1;
      return false;
    }
    this.#cuts -= 1;
    return true;
  }
}
