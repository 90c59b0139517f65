import { once } from 'node:events';
import { createServer } from 'node:http';
import { describe, expect, it } from 'vitest';
import { call, post } from './testing/api-client.ts';
import { openRaw, readAnswer } from './testing/raw-http.ts';
import { JOB, startTestGateway } from './testing/test-gateway.ts';

describe('drain', () => {
  it('ends waits with what is known, closes connections and accepts no more', async () => {
    await using api = await startTestGateway();
    const idle = await openRaw(api.url);
    const waiting = post(`${api.url}/submit?wait=25`, JOB);
    await expect.poll(() => api.events.size, { interval: 1 }).toBe(1);
    const closed = once(idle, 'close');
    const drained = api.gateway.drain(60_000);
    const answer = await waiting;
    expect([answer.status, answer.body['status'], answer.headers.get('connection')]).toEqual([202, 'queued', 'close']);
    idle.resume();
    await closed;
    await drained;
    await expect(call(`${api.url}/health/live`)).rejects.toThrow('fetch failed');
    await api.gateway.drain(0);
  });

  it('finishes a request that is arriving, and tells that it is not ready', async () => {
    await using api = await startTestGateway();
    const socket = await openRaw(api.url);
    const body = JSON.stringify(JOB);
    socket.write(
      `GET /health/ready HTTP/1.1\r\nHost: x\r\n\r\nPOST /submit HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n{`,
    );
    await once(socket, 'readable');
    const drained = api.gateway.drain(60_000);
    socket.write(body.slice(1));
    const answer = await readAnswer(socket);
    expect(answer.status).toBe(200);
    expect(answer.text).toMatch(/HTTP\/1\.1 202 Accepted[^]*Connection: close/);
    await drained;
  });

  it('cuts what does not end in time', async () => {
    await using api = await startTestGateway();
    const socket = await openRaw(api.url);
    socket.on('error', () => undefined);
    socket.write(
      'POST /submit HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n{',
    );
    await once(socket, 'data');
    const closed = once(socket, 'close');
    const startedAtMs = performance.now();
    await api.gateway.drain(50);
    await closed;
    expect(performance.now() - startedAtMs).toBeGreaterThanOrEqual(49);
  });
});

describe('startGateway', () => {
  it('says what to change when the port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const start = startTestGateway({ env: { PORT: String(port) } });
    await expect(start).rejects.toThrow(`Cannot listen on 127.0.0.1 port ${port}`);
    other.close();
  });

  it('knows its address', async () => {
    await using api = await startTestGateway({ env: { HOST: '127.0.0.1' } });
    const { host, port, url } = api.gateway.address;
    expect([host, url]).toEqual(['127.0.0.1', `http://127.0.0.1:${port}`]);
    expect(port).toBeGreaterThan(0);
  });
});
