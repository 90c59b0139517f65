import { request as httpRequest } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { exchangeRaw, openRaw, readAnswer } from '../testing/raw-http.ts';
import { startTestGateway, type TestGateway } from '../testing/test-gateway.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

let api: TestGateway;
beforeAll(async () => {
  api = await startTestGateway({ env: { RUNYARD_BODY_TIMEOUT_SEC: '1' } });
});
afterEach(async () => {
  await api.assertUnharmed();
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
});

describe('connections', () => {
  it('answers 413 to an endless chunked body, with flat memory', async () => {
    const socket = await openRaw(api.url);
    const answer = readAnswer(socket);
    socket.write(
      'POST /submit HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n',
    );
    const chunk = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(64 * KIB, 0x20), Buffer.from('\r\n')]);
    let sentBytes = 0;
    let peakBytes = 0;
    globalThis.gc?.();
    const baseBytes = memoryBytes();
    while (socket.writable && sentBytes < 400 * MIB) {
      sentBytes += chunk.length;
      if (!socket.write(chunk)) await writable(socket);
      peakBytes = Math.max(peakBytes, memoryBytes() - baseBytes);
    }
    const { status, json: problem } = await answer;
    expect([status, problem()['code']]).toEqual([413, 'body_too_large']);
    expect(sentBytes).toBeLessThan(100 * MIB);
    expect(peakBytes).toBeLessThan(64 * MIB);
  });

  it('refuses a declared length at once, without reading', async () => {
    const answer = await exchangeRaw(
      api.url,
      `POST /submit HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n`,
    );
    expect([answer.status, answer.headers.get('connection')]).toEqual([413, 'close']);
  });

  it('answers 408 to a body that drips', async () => {
    const socket = await openRaw(api.url);
    const answer = readAnswer(socket);
    socket.write('POST /submit HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{');
    const drip = setInterval(() => socket.write(' '), 100);
    const { status, json: problem } = await answer;
    clearInterval(drip);
    expect([status, problem()['code'], problem()['status']]).toEqual([408, 'invalid_request', 408]);
  });

  it('lets the next request of a connection pass after a small refused body', async () => {
    const refused = 'POST /submit HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}';
    const answer = await exchangeRaw(
      api.url,
      `${refused}GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
    );
    expect(answer.status).toBe(400);
    expect(answer.text).toContain('HTTP/1.1 200 OK');
  });

  it('forgets a client that leaves in the middle of its body', async () => {
    const client = httpRequest(`${api.url}/submit`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
    });
    client.on('error', () => undefined);
    client.write('{"language":');
    await delay(50); // Nothing can be awaited: the server says nothing before the body is whole.
    client.destroy();
    await expect.poll(() => api.logLines.at(-1)).toMatchObject({ route: '/submit', status: 499, isGone: true });
  });

  it.each([
    ['rubbish', 'rubbish\r\n\r\n', 400],
    ['a bare line feed in a header', 'GET / HTTP/1.1\r\nHost: x\r\nX: a\rb\r\n\r\n', 400],
    ['two lengths', 'POST /submit HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx', 400],
    [
      'length and chunks',
      'POST /submit HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
    ['no host', 'GET / HTTP/1.1\r\n\r\n', 400],
    ['a very long header', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`, 431],
    ['a very long address', `GET /${'a'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 431],
    [
      'a broken chunk',
      'POST /submit HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
      400,
    ],
  ])('refuses %s', async (_name, request, status) => {
    const answer = await exchangeRaw(api.url, request);
    expect(answer.status).toBe(status);
  });
});

async function writable(socket: Socket) {
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.once('drain', resolve).once('close', resolve);
  await promise;
  socket.off('drain', resolve).off('close', resolve);
}

/** Without the heap, which holds what the collector has not looked at yet: bodies are outside of it. */
function memoryBytes() {
  const { arrayBuffers, external } = process.memoryUsage();
  return Math.max(arrayBuffers, external);
}
