import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** What a server answered to bytes that no HTTP client would send. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly text: string;
  readonly json: () => Record<string, unknown>;
}

export async function openRaw(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  return socket;
}

/** Reads until the server ends the connection. A reset after the answer does not lose it. */
export async function readAnswer(socket: Socket): Promise<RawAnswer> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('error', () => undefined);
  await new Promise((resolve) => socket.once('close', resolve));
  return parseAnswer(Buffer.concat(chunks).toString('utf8'));
}

export async function exchangeRaw(url: string, request: string | Buffer): Promise<RawAnswer> {
  const socket = await openRaw(url);
  socket.write(request);
  return readAnswer(socket);
}

function parseAnswer(answer: string): RawAnswer {
  const headEnd = answer.indexOf('\r\n\r\n');
  const [statusLine = '', ...headerLines] = answer.slice(0, headEnd).split('\r\n');
  const headers = headerLines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
  });
  const text = answer.slice(headEnd + 4);
  return {
    status: Number(statusLine.split(' ')[1]),
    headers: new Map(headers),
    text,
    json: () => JSON.parse(text) as Record<string, unknown>,
  };
}
