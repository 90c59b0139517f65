import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import { type Env, field, parseEnv } from '../config/index.ts';
import { StartupError } from '../errors/index.ts';
import type { Counters } from './counters.ts';
import type { Readiness } from './readiness.ts';

export interface AdminConfig {
  readonly host: string;
  /** 0: the system chooses. */
  readonly port: number;
}

export interface AdminServerOptions {
  readonly config: AdminConfig;
  readonly readiness: Readiness;
  readonly counters: Counters;
  /** For `/version`: no secrets. */
  readonly version: Readonly<Record<string, string>>;
}

export interface AdminServer {
  /** With the real port when 0 was asked for. */
  readonly url: string;
  close(): void;
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

const schema = z.object({
  ADMIN_HOST: field.text().default('127.0.0.1'),
  ADMIN_PORT: field.integer({ min: 0, max: 65_535 }).default(8081),
});

/** Throws ConfigError. */
export function loadAdminConfig(env: Env): AdminConfig {
  const values = parseEnv(schema, env);
  return { host: values.ADMIN_HOST, port: values.ADMIN_PORT };
}

/**
 * Health and counters of a process that serves no clients: GET `/health/live`, `/health/ready`, `/version`, `/metrics`.
 * For operators only, so it listens on loopback unless told otherwise. Throws StartupError when it cannot listen.
 */
export async function startAdminServer(options: AdminServerOptions): Promise<AdminServer> {
  const { host, port } = options.config;
  const server = createServer({ requestTimeout: 5_000, headersTimeout: 5_000 }, (request, response) => {
    void serve(request, response, options);
  });
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unknown error';
    const message = `Cannot listen on ${host} port ${port}: ${reason}. Set ADMIN_HOST and ADMIN_PORT.`;
    throw new StartupError(message, { cause: error });
  }
  const address = server.address() as AddressInfo; // A server that listens on a port has one.
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function serve(request: IncomingMessage, response: ServerResponse, options: AdminServerOptions): Promise<void> {
  const { status, type, body } = await answerTo(request, options);
  response.writeHead(status, {
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

async function answerTo(request: IncomingMessage, options: AdminServerOptions): Promise<Answer> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return json(405, { status: 'method not allowed' });
  switch (request.url ?? '') {
    case '/health/live':
      return json(200, { status: 'ok' });
    case '/health/ready': {
      const { isReady, checks } = await options.readiness.report();
      return json(isReady ? 200 : 503, { status: isReady ? 'ready' : 'not_ready', checks });
    }
    case '/version':
      return json(200, { name: 'runyard', ...options.version });
    case '/metrics':
      return { status: 200, type: 'text/plain; version=0.0.4; charset=utf-8', body: options.counters.render() };
    default:
      return json(404, { status: 'not found' });
  }
}

function json(status: number, value: unknown): Answer {
  return { status, type: 'application/json; charset=utf-8', body: JSON.stringify(value) };
}
