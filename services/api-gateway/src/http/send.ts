import type { IncomingMessage, ServerResponse } from 'node:http';

/** A refused body is discarded at most this far and this long before the connection is cut. */
const LINGER_BYTES = 32 * 1024 * 1024;
const LINGER_MS = 2000;

export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Default `application/json; charset=utf-8`. */
  readonly contentType?: string;
}

export function sendJson(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  const body = JSON.stringify(answer.body);
  response.setHeader('Content-Type', answer.contentType ?? 'application/json; charset=utf-8');
  sendText(request, response, { ...answer, body });
}

/** `body` is sent as UTF-8; the caller sets the content type. */
function sendText(request: IncomingMessage, response: ServerResponse, answer: Answer & { body: string }): void {
  response.statusCode = answer.status;
  for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value);
  response.setHeader('Content-Length', Buffer.byteLength(answer.body));
  if (request.complete || !announcesBody(request)) response.end(answer.body);
  else lingeringClose(request, response, answer.body);
}

export function sendEmpty(response: ServerResponse, status: number, headers: Readonly<Record<string, string>>): void {
  response.statusCode = status;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.end();
}

function announcesBody(request: IncomingMessage): boolean {
  return request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;
}

/**
 * Answers a client that is still sending. Closing at once would make its kernel throw the answer away (bytes that arrive at
 * a closed socket are met with a reset), so the whole answer goes out, then what still comes is read and dropped for a
 * while, and only then the connection ends.
 */
function lingeringClose(request: IncomingMessage, response: ServerResponse, body: string): void {
  response.setHeader('Connection', 'close');
  response.write(body);
  let droppedBytes = 0;
  const stop = () => {
    clearTimeout(timer);
    request.off('data', onData);
    response.end();
  };
  const onData = (chunk: Buffer) => {
    droppedBytes += chunk.length;
    if (droppedBytes > LINGER_BYTES) request.destroy();
  };
  const timer = setTimeout(() => {
    request.destroy();
  }, LINGER_MS);
  request.on('data', onData).once('end', stop).once('close', stop);
  request.on('error', stop);
}
