import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call, idOf, post } from './testing/api-client.ts';
import { JOB, startTestGateway, type TestGateway } from './testing/test-gateway.ts';

let api: TestGateway;
beforeAll(async () => {
  api = await startTestGateway();
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
});

describe('catalogue, health and version', () => {
  it('lists the languages and finds each by any of its names', async () => {
    const all = await call(`${api.url}/languages`);
    expect((all.body['languages'] as { id: string }[]).map(({ id }) => id)).toEqual(['cpp', 'python']);
    for (const name of ['cpp', 'c++', 'C%2B%2B', 'g%2b%2B']) {
      expect((await call(`${api.url}/languages/${name}`)).body).toMatchObject({
        id: 'cpp',
        name: 'C++',
        aliases: ['c++', 'g++'],
        sourceFile: 'main.cpp',
        versions: [{ version: '14.2.0', toolchain: 'g++ (Debian 14.2.0-19) 14.2.0' }],
        compile: { argv: ['g++', '-O2', 'main.cpp', '-o', 'main'] },
        run: { argv: ['/program/main'] },
        sample: { code: 'print(1)' },
        limits: { wallTimeMs: 10_000 },
      });
    }
    expect((await call(`${api.url}/languages/cobol`)).status).toBe(404);
  });

  it('says that it lives, that it is ready, and what it is', async () => {
    expect((await call(`${api.url}/health/live`)).body).toEqual({ status: 'ok' });
    const ready = await call(`${api.url}/v1/health/ready`);
    expect(ready.status).toBe(200);
    expect(ready.body).toEqual({
      status: 'ready',
      checks: {
        store: { isReady: true },
        queue: { isReady: true },
        artifacts: { isReady: true },
        sandbox: { isReady: true, detail: 'last run 1 s ago' },
      },
    });
    expect((await call(`${api.url}/version`)).body).toEqual({ name: 'runyard', version: '1.2.3', launcher: 'none' });
  });
});

describe('methods and paths', () => {
  it.each(['/health/live', '/languages', '/languages/python', '/version'])('HEAD %s', async (path) => {
    const get = await call(api.url + path);
    const head = await call(api.url + path, { method: 'HEAD' });
    expect([head.status, head.text]).toEqual([200, '']);
    expect(head.headers.get('content-length')).toBe(String(Buffer.byteLength(get.text)));
  });

  it.each([
    ['GET', '/submit', 'POST, OPTIONS'],
    ['DELETE', '/status', 'GET, HEAD, OPTIONS'],
    ['POST', '/status/0190a3c0-0000-7000-8000-000000000000', 'GET, HEAD, OPTIONS'],
    ['PUT', '/v1/languages', 'GET, HEAD, OPTIONS'],
  ])('%s %s is 405', async (method, path, allow) => {
    const answer = await call(api.url + path, { method });
    expect([answer.status, answer.headers.get('allow'), answer.body['code']]).toEqual([405, allow, 'invalid_request']);
  });

  it('OPTIONS says what there is', async () => {
    const answer = await call(`${api.url}/submit`, { method: 'OPTIONS' });
    expect([answer.status, answer.headers.get('allow')]).toEqual([204, 'POST, OPTIONS']);
  });

  it.each(['/', '/nope', '/v1', '/v1/nope', '/STATUS', '/submit/x', '/%zz', '/v2/status'])(
    '%s is 404',
    async (path) => {
      const answer = await call(api.url + path);
      expect([answer.status, answer.headers.get('content-type')]).toEqual([
        404,
        'application/problem+json; charset=utf-8',
      ]);
      expect(answer.body).toMatchObject({ code: 'not_found', detail: 'No such path.', type: '/problems/not_found' });
    },
  );

  it('gives every answer a request id, and takes one over only if it is harmless', async () => {
    for (const [sent, isTaken] of [
      ['abcdefgh', true],
      ['A.b_c-0123456789', true],
      ['short', false],
      ['x'.repeat(65), false],
      ['bad id here', false],
      ['<script>!', false],
    ] as const) {
      const answer = await call(`${api.url}/nope`, { headers: { 'X-Request-Id': sent } });
      const given = answer.headers.get('x-request-id');
      expect(given === sent).toBe(isTaken);
      expect(answer.body['requestId']).toBe(given);
      expect(given).toMatch(/^[A-Za-z0-9._-]{8,64}$/);
    }
  });

  it('writes one line per request, with route and ids, and nothing of the body', async () => {
    api.logLines.length = 0;
    const executionId = idOf(await post(`${api.url}/submit`, { ...JOB, code: 'SECRETCODE', input: 'SECRETINPUT' }));
    await call(`${api.url}/status/${executionId}`);
    await call(`${api.url}/status/nope`);
    await expect.poll(() => api.logLines.length).toBe(3);
    expect(api.logLines).toMatchObject([
      { event: 'request', method: 'POST', route: '/submit', status: 202, executionId, language: 'python' },
      { event: 'request', method: 'GET', route: '/status/{id}', status: 200, executionId, language: 'python' },
      { event: 'request', method: 'GET', route: '/status/{id}', status: 404, errorCode: 'not_found' },
    ]);
    expect(JSON.stringify(api.logLines)).not.toContain('SECRET');
  });
});
