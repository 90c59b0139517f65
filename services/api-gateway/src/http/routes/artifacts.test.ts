import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call, idOf, post } from '../../testing/api-client.ts';
import { openRaw } from '../../testing/raw-http.ts';
import { JOB, startTestGateway, type TestGateway } from '../../testing/test-gateway.ts';

const PIECE_BYTES = 256 * 1024;
/** More than what the kernel's buffers of one connection can hold (a few MiB each side). */
const PIECES = 160;

let api: TestGateway;
beforeAll(async () => {
  api = await startTestGateway();
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
});

describe('GET /artifacts', () => {
  it.each([
    ['bytes=0-3', 206, '0123', 'bytes 0-3/10'],
    ['bytes=8-', 206, '89', 'bytes 8-9/10'],
    ['bytes=-3', 206, '789', 'bytes 7-9/10'],
    ['bytes=5-99', 206, '56789', 'bytes 5-9/10'],
    ['bytes=0-1,4-5', 200, '0123456789', null],
    ['bytes=3-1', 200, '0123456789', null],
    ['lines=1-2', 200, '0123456789', null],
  ])('Range %s', async (range, status, text, contentRange) => {
    const answer = await call(await link('0123456789'), { headers: { Range: range } });
    expect([answer.status, answer.text, answer.headers.get('content-range')]).toEqual([status, text, contentRange]);
  });

  it('answers 416 beyond the end, and HEAD with the size only', async () => {
    const url = await link('0123456789');
    const beyond = await call(url, { headers: { Range: 'bytes=10-' } });
    expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, 'bytes */10']);
    const head = await call(url, { method: 'HEAD' });
    expect([head.status, head.text, head.headers.get('content-length')]).toEqual([200, '', '10']);
  });

  it('sends large outputs whole, and any part of them', async () => {
    const output = Array.from({ length: 100_000 }, (_, index) => `${index}`.padStart(9, '.') + '\n').join('');
    const url = await link(output);
    expect((await call(url)).text).toBe(output);
    const part = await call(url, { headers: { Range: 'bytes=262139-786440' } });
    expect(part.text).toBe(output.slice(262_139, 786_441));
  });

  it.each(
    [0, 1, 2, 3, 5].flatMap((pieces) => [-1, 0, 1].map((more) => pieces * PIECE_BYTES + more)).filter((n) => n > 0),
  )('knows the size of %i bytes', async (bytes) => {
    const head = await call(await link('x'.repeat(bytes)), { method: 'HEAD' });
    expect(head.headers.get('content-length')).toBe(String(bytes));
  });

  it('reads for a slow client at its pace, and ends with it', async () => {
    const reads: number[] = [];
    await using counted = await startTestGateway({
      overrides: ({ artifacts }) => ({
        artifacts: {
          put: (...args) => artifacts.put(...args),
          signUrl: (...args) => artifacts.signUrl(...args),
          deletePrefix: (prefix) => artifacts.deletePrefix(prefix),
          ping: () => artifacts.ping(),
          get: (path, range) => {
            reads.push(range?.length ?? Infinity);
            return artifacts.get(path, range);
          },
        },
      }),
    });
    const executionId = idOf(await post(`${counted.url}/submit`, JOB));
    await counted.finish(executionId, { output: 'x'.repeat(PIECES * 256 * 1024) });
    const { body } = await call(`${counted.url}/result/${executionId}`);
    const client = await openRaw(counted.url);
    client.pause();
    client.write(`GET ${String(body['url']).slice(counted.url.length)} HTTP/1.1\r\nHost: x\r\n\r\n`);
    const pieces = () => reads.filter((bytes) => bytes > 1).length;
    await expect.poll(pieces).toBeGreaterThan(3);
    await delay(300); // The server must stand still now: there is nothing else to await.
    expect(pieces()).toBeLessThan(PIECES);
    // Not even to learn its size is the object read whole: a hundred such clients would hold it a hundred times.
    expect(Math.max(...reads)).toBe(PIECE_BYTES);
    client.destroy();
    await expect.poll(() => counted.logLines.at(-1)).toMatchObject({ route: '/artifacts/{id}', isGone: true });
    const readsAtEnd = reads.length;
    await call(`${counted.url}/health/ready`);
    expect(reads.length).toBe(readsAtEnd);
  });

  it('refuses altered and old links alike', async () => {
    const url = await link('x');
    const altered = [
      url.replace(/signature=./, 'signature=%00'),
      url.replace(/expires=\d/, 'expires=9'),
      url.replace('name=', 'name=a'),
      url.replace('combined.txt', 'stdout'),
      url.replace('/artifacts/', '/artifacts/..%2f'),
      url.slice(0, url.indexOf('?')),
    ];
    for (const bad of altered) {
      const answer = await call(bad);
      expect([bad, answer.status, answer.body['code']]).toEqual([bad, 403, 'forbidden']);
    }
    expect((await call(`${url}&x=1`)).status).toBe(400);
    api.clock.moveMs(3_601_000);
    expect((await call(url)).status).toBe(403);
  });
});

async function link(output: string) {
  const executionId = idOf(await post(`${api.url}/submit`, JOB));
  await api.finish(executionId, { output });
  return String((await call(`${api.url}/result/${executionId}`)).body['url']);
}
