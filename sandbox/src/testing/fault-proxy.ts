import { unlinkSync } from 'node:fs';
import { createConnection, createServer, type Server, type Socket } from 'node:net';

/**
 * What happens to a request:
 * - `cut`: the engine gets it, we get no answer;
 * - `cut-after-headers`: the answer breaks off after its headers;
 * - `black-hole`: it is accepted, and nothing happens any more;
 * - `late`: the engine gets it after `LATE_MS`.
 */
export type Fault = 'cut' | 'cut-after-headers' | 'black-hole' | 'late';

export const LATE_MS = 400;

const HEADERS_END = '\r\n\r\n';

/** Stands between a client and the engine's socket and does to chosen requests what networks and dying engines do. */
export class FaultProxy implements AsyncDisposable {
  readonly socketPath: string;
  readonly #enginePath: string;
  readonly #server: Server;
  readonly #pairs = new Map<Socket, Socket>();
  readonly #rules: { readonly request: RegExp; readonly fault: Fault }[] = [];
  readonly #held: (() => void)[] = [];
  #isFrozen = false;

  private constructor(enginePath: string, socketPath: string) {
    this.#enginePath = enginePath;
    this.socketPath = socketPath;
    this.#server = createServer((client) => this.#accept(client));
  }

  static async start(enginePath: string): Promise<FaultProxy> {
    const proxy = new FaultProxy(enginePath, `${enginePath}.proxy-${process.pid}`);
    await new Promise<void>((resolve) => proxy.#server.listen(proxy.socketPath, resolve));
    return proxy;
  }

  /** Connections that clients hold now. */
  get connections(): number {
    return this.#pairs.size;
  }

  /** `request` is matched with the first line, `POST /containers/…/start HTTP/1.1`. The first rule that matches is used up. */
  next(request: RegExp, fault: Fault): void {
    this.#rules.push({ request, fault });
  }

  /** Accepts and never answers; nothing passes on connections that stand. */
  freeze(): void {
    this.#isFrozen = true;
  }

  /** What was held back passes now. */
  thaw(): void {
    this.#isFrozen = false;
    for (const pass of this.#held.splice(0)) pass();
  }

  cutAll(): void {
    for (const [client, engine] of this.#pairs) {
      client.destroy();
      engine.destroy();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cutAll();
    await new Promise((resolve) => this.#server.close(resolve));
    try {
      unlinkSync(this.socketPath);
    } catch {
      // The server removes it itself.
    }
  }

  #accept(client: Socket): void {
    const engine = createConnection({ path: this.#enginePath, allowHalfOpen: true });
    this.#pairs.set(client, engine);
    let fault: Fault | null = null;
    let answer = '';
    client.on('data', (data) => {
      fault ??= this.#takeRule(data.toString('latin1'));
      if (fault === 'late') setTimeout(() => engine.write(data), LATE_MS);
      else if (fault !== 'black-hole') this.#pass(() => engine.write(data));
    });
    engine.on('data', (data) => {
      if (fault === 'cut') client.destroy();
      else if (fault !== 'cut-after-headers') this.#pass(() => client.write(data));
      else {
        answer += data.toString('latin1');
        const end = answer.indexOf(HEADERS_END);
        if (end !== -1)
          client.end(Buffer.from(answer.slice(0, end + HEADERS_END.length), 'latin1'), () => client.destroy());
      }
    });
    this.#join(client, engine);
  }

  #pass(deliver: () => void): void {
    if (this.#isFrozen) this.#held.push(deliver);
    else deliver();
  }

  #join(client: Socket, engine: Socket): void {
    client.on('end', () => engine.end());
    engine.on('end', () => client.end());
    for (const [one, other] of [
      [client, engine],
      [engine, client],
    ] as const) {
      one.on('error', () => other.destroy());
      one.on('close', () => {
        other.destroy();
        this.#pairs.delete(client);
      });
    }
  }

  #takeRule(text: string): Fault | null {
    const [line = ''] = text.split('\r\n', 1);
    const index = this.#rules.findIndex(({ request }) => request.test(line));
    return index === -1 ? null : (this.#rules.splice(index, 1)[0]?.fault ?? null);
  }
}
