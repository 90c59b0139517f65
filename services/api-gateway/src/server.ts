import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server, ServerResponse, STATUS_CODES } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { isIPv6 } from 'node:net';
import { StartupError } from '@runyard/shared/errors';
import { createApp, type GatewayDeps } from './app.ts';
import type { GatewayConfig } from './config.ts';
import { HttpError } from './http/http-error.ts';
import { problemOf } from './http/problem.ts';

const HEADERS_TIMEOUT_MS = 10_000;
/** Longer than balancers keep idle connections (60 s by default), so that the balancer is the one to close them. */
const KEEP_ALIVE_MS = 65_000;
const MAX_HEADER_BYTES = 16 * 1024;
const MAX_CONNECTIONS = 4096;
/** After the body's own deadline, which answers better. */
const REQUEST_TIMEOUT_SLACK_MS = 10_000;

export interface Gateway {
  /** Where it listens: with the real port when 0 was asked for. */
  readonly address: { readonly host: string; readonly port: number; readonly url: string };
  /**
   * Stops accepting, ends waits with what is known, lets running requests finish and closes their connections; what is
   * left after the grace is cut. Idempotent.
   */
  drain(graceMs: number): Promise<void>;
}

export type GatewayOptions = Omit<GatewayDeps, 'config' | 'drainSignal'> & { readonly config: GatewayConfig };

/** Resolves when the server listens. Throws StartupError when it cannot. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { config } = options;
  const draining = new AbortController();
  const app = createApp({ ...options, drainSignal: draining.signal });
  const server = createServer(
    {
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: config.bodyLimits.timeoutMs + REQUEST_TIMEOUT_SLACK_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
      connectionsCheckingInterval: 1000,
    },
    app,
  );
  server.maxConnections = MAX_CONNECTIONS;
  server.on('clientError', answerBrokenRequest);
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await listen(server, config);
  let end: Promise<void> | null = null;
  return {
    address: addressOf(server, config.host),
    drain: (graceMs) => (end ??= drain({ server, sockets, draining, graceMs })),
  };
}

async function listen(server: Server, { host, port }: GatewayConfig): Promise<void> {
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unknown error';
    throw new StartupError(`Cannot listen on ${host} port ${port}: ${reason}. Set HOST and PORT.`, { cause: error });
  }
}

function addressOf(server: Server, host: string): Gateway['address'] {
  const { port } = server.address() as AddressInfo; // A server that listens on a port has one.
  return { host, port, url: `http://${isIPv6(host) ? `[${host}]` : host}:${port}` };
}

interface Draining {
  readonly server: Server;
  readonly sockets: ReadonlySet<Socket>;
  readonly draining: AbortController;
  readonly graceMs: number;
}

async function drain({ server, sockets, draining, graceMs }: Draining): Promise<void> {
  const closed = once(server, 'close');
  server.close(); // Also closes connections that are idle now.
  draining.abort();
  // Connections that never spoke (browsers open them ahead) are not idle for Node: it would wait for their headers.
  for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
  const timer = setTimeout(() => {
    server.closeAllConnections();
  }, graceMs);
  await closed;
  clearTimeout(timer);
}

/** What Node's parser refuses never becomes a request: bad syntax, headers too large or too slow. */
function answerBrokenRequest(error: Error & { code?: string }, socket: Socket): void {
  // A request whose body breaks is already being served; it can be answered as long as nothing was sent.
  const pending: unknown = Reflect.get(socket, '_httpMessage');
  const isAnswered = pending instanceof ServerResponse && pending.headersSent;
  if (error.code === 'ECONNRESET' || !socket.writable || isAnswered) {
    socket.destroy();
    return;
  }
  const requestId = randomUUID();
  const { status, body } = problemOf(refusalOf(error.code), requestId);
  const text = JSON.stringify(body);
  socket.end(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
      'Content-Type: application/problem+json; charset=utf-8',
      `Content-Length: ${Buffer.byteLength(text)}`,
      `X-Request-Id: ${requestId}`,
      'X-Content-Type-Options: nosniff',
      'Cache-Control: no-store',
      'Connection: close',
      '',
      text,
    ].join('\r\n'),
  );
}

const BROKEN_REQUESTS: ReadonlyMap<string | undefined, readonly [status: number, message: string]> = new Map([
  ['HPE_HEADER_OVERFLOW', [431, 'The headers are too large.']],
  ['ERR_HTTP_REQUEST_TIMEOUT', [408, 'The request did not arrive in time.']],
]);

function refusalOf(code: string | undefined): HttpError {
  const [status, message] = BROKEN_REQUESTS.get(code) ?? [400, 'This is not a valid HTTP request.'];
  return new HttpError(status, message);
}
