import { request } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer, HttpRequest, RawAct } from '../case.ts';

const DEADLINE_MS = 60_000;

/** One request on a connection of its own. Rejects when no answer comes within a minute. */
export async function askServer(url: string, asked: HttpRequest): Promise<Answer> {
  const startMs = performance.now();
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const asking = request({
      hostname,
      port,
      path: asked.path,
      method: asked.method ?? 'GET',
      headers: asked.headers,
      agent: false,
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    asking.once('error', reject);
    asking.once('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () => {
        const headers = Object.entries(response.headers).map(([name, value]) => [name, String(value)]);
        resolve({
          status: response.statusCode ?? 0,
          headers: Object.fromEntries(headers) as Record<string, string>,
          body: Buffer.concat(chunks),
          elapsedMs: performance.now() - startMs,
        });
      });
    });
    asking.end(asked.body);
  });
}

/** Writes the pieces as they are, and reads until an answer is complete or the server closes. Rejects after the deadline. */
export async function sendRaw(url: string, pieces: RawAct['raw'], deadlineMs = DEADLINE_MS): Promise<Answer> {
  const startMs = performance.now();
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  let received = Buffer.alloc(0);
  const ended = Promise.withResolvers<Omit<Answer, 'elapsedMs'>>();
  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk]);
    const answer = parseAnswer(received);
    if (answer !== null) ended.resolve(answer);
  });
  // A reset is a way to close too.
  socket.on('error', () => undefined);
  socket.once('close', () =>
    ended.resolve(parseAnswer(received, true) ?? { status: 'closed', headers: {}, body: received }),
  );
  const timer = setTimeout(() => ended.reject(new Error(`no answer within ${deadlineMs} ms`)), deadlineMs);
  try {
    const writing = write(pieces, (piece) => socket.destroyed || socket.write(piece));
    const answer = await Promise.race([ended.promise, writing.then(() => ended.promise)]);
    return { ...answer, elapsedMs: performance.now() - startMs };
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}

async function write(pieces: RawAct['raw'], send: (piece: string | Uint8Array) => unknown): Promise<void> {
  for (const piece of pieces) {
    if (typeof piece === 'string' || piece instanceof Uint8Array) send(piece);
    else await sleep(piece.pauseMs);
  }
}

/** Null while not complete. `isWhole`: the server has closed, so a body without a length is complete. */
function parseAnswer(received: Buffer, isWhole = false): Omit<Answer, 'elapsedMs'> | null {
  const headEnd = received.indexOf('\r\n\r\n');
  if (headEnd === -1) return null;
  const [first = '', ...lines] = received.subarray(0, headEnd).toString('latin1').split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  );
  const status = Number(first.split(' ')[1]);
  if (status === 100) return parseAnswer(received.subarray(headEnd + 4), isWhole);
  const body = received.subarray(headEnd + 4);
  const length = Number(headers['content-length'] ?? Infinity);
  const isChunkedEnd = headers['transfer-encoding'] === 'chunked' && body.subarray(-5).equals(Buffer.from('0\r\n\r\n'));
  if (body.length < length && !isChunkedEnd && !isWhole) return null;
  return { status, headers, body };
}
