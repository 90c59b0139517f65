import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { post } from '../testing/api-client.ts';
import { exchangeRaw } from '../testing/raw-http.ts';
import { JOB, startTestGateway, type TestGateway } from '../testing/test-gateway.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

let api: TestGateway;
beforeAll(async () => {
  api = await startTestGateway();
});
afterEach(async () => {
  await api.assertUnharmed();
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
});

describe('media types and encodings', () => {
  it.each([
    ['application/x-www-form-urlencoded', 415],
    ['multipart/form-data; boundary=x', 415],
    ['application/xml', 415],
    ['application/jsonx', 415],
    ['text/html', 415],
    ['application/json; charset=utf-16', 415],
    ['application/json; charset=latin1', 415],
    ['*/*', 415],
    ['application/json; charset=UTF-8', 202],
    ['APPLICATION/JSON', 202],
  ])('Content-Type: %s is %i', async (contentType, status) => {
    const answer = await post(`${api.url}/submit`, JOB, { 'Content-Type': contentType });
    expect(answer.status).toBe(status);
    expect(answer.body['code'] ?? null).toBe(status === 415 ? 'unsupported_media_type' : null);
  });

  it('refuses a body without a type', async () => {
    const answer = await exchangeRaw(api.url, `POST /submit HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}`);
    expect(answer.status).toBe(415);
  });

  const body = Buffer.from(JSON.stringify(JOB));
  it.each([
    ['gzip', gzipSync(body), 202],
    ['deflate', deflateSync(body), 202],
    ['br', brotliCompressSync(body), 202],
    ['identity', body, 202],
    ['gzip', body, 400],
    ['gzip', gzipSync(body).subarray(0, 20), 400],
    ['zstd', body, 415],
    ['gzip, gzip', gzipSync(gzipSync(body)), 415],
    ['gzip', gzipSync(Buffer.alloc(50 * MIB)), 413],
    ['br', brotliCompressSync(Buffer.alloc(50 * MIB)), 413],
  ])('Content-Encoding: %s', async (encoding, bytes, status) => {
    const answer = await post(`${api.url}/submit`, bytes, { 'Content-Encoding': encoding });
    expect(answer.status).toBe(status);
  });
});

describe('a page in a browser', () => {
  it.each([
    ['cross-site', 403],
    ['same-site', 403],
    ['same-origin', 202],
    ['none', 202],
  ])('submits from %s: %i', async (site, status) => {
    const before = await api.queue.depth(['python']);
    const headers = { 'Content-Type': 'text/plain', 'Sec-Fetch-Site': site };
    const answer = await post(`${api.url}/submit?language=python`, 'print(1)', headers);
    expect([answer.status, answer.body['code'] ?? null]).toEqual([status, status === 403 ? 'forbidden' : null]);
    expect((await api.queue.depth(['python'])) - before).toBe(status === 403 ? 0 : 1);
  });
});

describe('raw text', () => {
  it.each([
    ['no language', '', 'print(1)', 400, '/language'],
    ['an unknown language', '?language=nope', 'print(1)', 400, '/language'],
    ['no source', '?language=python', '', 400, '/code'],
    ['an unknown field', '?language=python&filename=x', 'x', 400, '/query/filename'],
    ['a field twice', '?language=python&language=cpp', 'x', 400, '/query/language'],
    ['a broken escape', '?language=python&input=%zz', 'x', 400, '/query'],
    ['invalid UTF-8 in the query', '?language=python&input=%ff', 'x', 400, '/query'],
    ['an encoded half surrogate', '?language=python&input=%ed%a0%80', 'x', 400, '/query'],
    ['NUL in an argument', '?language=python&args=a%00', 'x', 400, '/args/0'],
    ['invalid UTF-8', '?language=python', Buffer.from([0x70, 0xff]), 400, '/code'],
    ['a long source', '?language=python', 'x'.repeat(256 * KIB + 1), 413, '/code'],
    ['a wait that is none', '?language=python&wait=26', 'x', 400, '/query/wait'],
  ])('refuses %s', async (_name, query, body, status, pointer) => {
    const answer = await post(`${api.url}/submit${query}`, body, { 'Content-Type': 'text/plain' });
    expect([answer.status, (answer.body['errors'] as { path: string }[])[0]?.path]).toEqual([status, pointer]);
  });

  it.each(['-1', '25.001', '1e1', '', ' 5', '0x5', 'NaN', '5s', '1.0000'])(
    'refuses ?wait=%s and submits nothing',
    async (wait) => {
      const before = await api.queue.depth(['python']);
      const answer = await post(`${api.url}/submit?wait=${wait}`, JOB);
      expect([answer.status, answer.body['errors']]).toEqual([
        400,
        [{ path: '/query/wait', message: 'must be a number of seconds from 0 to 25' }],
      ]);
      expect(await api.queue.depth(['python'])).toBe(before);
    },
  );
});
