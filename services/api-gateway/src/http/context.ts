import { randomUUID } from 'node:crypto';
import type { Request, Response } from 'express';
import type { Logger } from 'pino';

/** Fits what proxies and tracing systems send, and nothing that could break a header or a log line. */
const INBOUND_REQUEST_ID = /^[A-Za-z0-9._-]{8,64}$/;

/** What is known about one request while it is served. */
export class RequestContext {
  readonly requestId: string;
  readonly startedAtMs = performance.now();
  /** Tenant of the caller. A server without keys has one. */
  readonly ownerId = 'anonymous';
  /** Pattern of the route, not the path: paths hold ids and signatures. */
  route: string | null = null;
  executionId: string | null = null;
  language: string | null = null;
  errorCode: string | null = null;
  /** A fault of ours, for the log line of the request. */
  fault: unknown = null;
  /** A door of another system adds the members that its clients look for in an error. */
  extendProblem: ((body: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>) | null = null;
  readonly #logger: Logger;
  #log: Logger | null = null;

  constructor(request: Request, logger: Logger) {
    const inbound = request.headers['x-request-id'];
    this.requestId = typeof inbound === 'string' && INBOUND_REQUEST_ID.test(inbound) ? inbound : randomUUID();
    this.#logger = logger;
  }

  /** Made when first used: most requests log one line only, by the access log. */
  get log(): Logger {
    this.#log ??= this.#logger.child({ requestId: this.requestId });
    return this.#log;
  }
}

const contexts = new WeakMap<Response, RequestContext>();

export function attachContext(response: Response, context: RequestContext): void {
  contexts.set(response, context);
}

/** The context of a request that went through the request middleware, as all do. */
export function contextOf(response: Response): RequestContext {
  const context = contexts.get(response);
  if (context === undefined) throw new TypeError('no context is attached to this response');
  return context;
}
