import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call, idOf, post } from '../testing/api-client.ts';
import { startTestGateway, type TestGateway } from '../testing/test-gateway.ts';

let api: TestGateway;
beforeAll(async () => {
  api = await startTestGateway();
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
});

const JOB = { language: 'python', code: 'print(1)' };

describe('POST /submit', () => {
  it('answers the queued job in the form of system S1', async () => {
    const answer = await post(`${api.url}/submit`, { userId: 'u-1', language: 'py', code: 'print(1)', input: 'x\n' });
    expect(answer.status).toBe(202);
    expect(answer.headers.get('location')).toBe(`/status/${idOf(answer)}`);
    expect(answer.body).toEqual({
      executionId: expect.stringMatching(
        /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
      ) as string,
      userId: 'u-1',
      language: 'python',
      status: 'queued',
      createdAt: '2026-01-02T03:04:05.678Z',
      updatedAt: '2026-01-02T03:04:05.678Z',
      attempt: 0,
      limits: {
        ...{ wallTimeMs: 10_000, cpuTimeMs: 10_000, memoryBytes: 268_435_456, outputBytes: 4_194_304, processes: 64 },
        ...{ fileBytes: 67_108_864, openFiles: 1024, stackBytes: 67_108_864 },
        compile: expect.objectContaining({ wallTimeMs: 30_000, cpuTimeMs: 10_000, memoryBytes: 536_870_912 }) as object,
      },
      ...Object.fromEntries(
        (
          'verdict step exitCode signal error outputPath stdoutPreview stderrPreview outputBytes truncated cpuTimeMs wallTimeMs ' +
          'memoryBytes memorySource oomInChild startedAt completedAt execDurationMs compile timings metadata'
        )
          .split(' ')
          .map((name) => [name, null]),
      ),
    });
  });

  it('keeps what was sent, and sends one message', async () => {
    const sent = {
      ...{ language: 'C++', version: '14', code: 'int main(){}\u2028\0"𝒳', input: 'AP8=', inputEncoding: 'base64' },
      ...{ args: ['-x', '', 'é\n'], env: { A: '1', constructors: '' }, userId: 'ü', metadata: { a: [1, { b: null }] } },
      limits: { cpuTimeMs: 1000, memoryBytes: 1_048_576 * 64, compile: { wallTimeMs: 5000 } },
    };
    const answer = await post(`${api.url}/submit`, sent);
    expect(answer.status).toBe(202);
    expect(answer.body).toMatchObject({
      ...{ language: 'cpp', userId: 'ü', metadata: { a: [1, { b: null }] } },
      limits: { cpuTimeMs: 1000, wallTimeMs: 3000, memoryBytes: 67_108_864, compile: { wallTimeMs: 5000 } },
    });
    const source = await api.store.getSource(idOf(answer));
    const { code, input, inputEncoding, args, env } = sent;
    expect(source).toEqual({ code, input, inputEncoding, args, env });
    const request = { languages: ['cpp'], maxMessages: 10, waitMs: 0, visibilityMs: 1000 };
    const deliveries = await api.queue.receive(request);
    expect(deliveries.map(({ message }) => message)).toEqual([{ executionId: idOf(answer), language: 'cpp' }]);
  });

  it('takes raw source text, its other fields in the query', async () => {
    const query = new URLSearchParams([
      ...Object.entries({ language: 'python', input: '1 2\n€', userId: 'u' }),
      ['args', 'a b'],
      ['args', ''],
    ]);
    const answer = await post(`${api.url}/v1/submit?${query.toString()}`, '\ufeffprint("é")\r\n', {
      'Content-Type': 'text/plain; charset="UTF-8"',
    });
    expect(answer.status).toBe(202);
    expect(answer.body).toMatchObject({ userId: 'u', language: 'python', status: 'queued' });
    expect(answer.headers.get('location')).toBe(`/v1/status/${idOf(answer)}`);
    expect(await api.store.getSource(idOf(answer))).toEqual({
      ...{ code: '\ufeffprint("é")\r\n', input: '1 2\n€', inputEncoding: 'utf8', args: ['a b', ''], env: {} },
    });
  });

  it('waits for the end of the job', async () => {
    const waiting = post(`${api.url}/submit?wait=25`, JOB);
    const [delivery] = await api.queue.receive({
      languages: ['python'],
      maxMessages: 1,
      waitMs: 5000,
      visibilityMs: 1,
    });
    // Earlier tests left messages: finish whatever is queued until ours is answered.
    await finishAll(delivery?.message.executionId);
    const answer = await waiting;
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ status: 'completed', verdict: 'ok', exitCode: 0, stdoutPreview: 'done\n' });
  });

  it('answers 202 with the job when the wait is over first', async () => {
    const answer = await post(`${api.url}/submit?wait=0.05`, JOB);
    expect([answer.status, answer.body['status']]).toEqual([202, 'queued']);
  });

  async function finishAll(first: string | undefined) {
    for (let executionId = first; executionId !== undefined;) {
      await api.finish(executionId, { output: 'done\n' });
      const request = { languages: ['python'], maxMessages: 1, waitMs: 200, visibilityMs: 60_000 };
      const [next] = await api.queue.receive(request);
      executionId = next?.message.executionId;
    }
  }
});

describe('Idempotency-Key', () => {
  it('gives the same job for the same content, also in other spelling, and 409 for another', async () => {
    const headers = { 'Idempotency-Key': 'order-17/a~' };
    const first = await post(`${api.url}/submit`, { ...JOB, args: [] }, headers);
    expect([first.status, first.headers.get('idempotent-replayed')]).toEqual([202, null]);
    const again = await post(`${api.url}/submit`, { code: 'print(1)', input: '', language: 'py' }, headers);
    expect([again.status, again.headers.get('idempotent-replayed')]).toEqual([202, 'true']);
    expect(again.body).toEqual(first.body);
    const other = await post(`${api.url}/submit`, { ...JOB, code: 'print(2)' }, headers);
    expect([other.status, other.body['code']]).toEqual([409, 'idempotency_mismatch']);
    expect(other.body['errors']).toEqual([
      { path: '/headers/idempotency-key', message: 'belongs to a different submission' },
    ]);
  });

  it('makes one job of a hundred at once', async () => {
    const before = await api.queue.depth(['python']);
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => post(`${api.url}/submit`, JOB, { 'Idempotency-Key': 'k100' })),
    );
    expect(new Set(answers.map(idOf)).size).toBe(1);
    expect(answers.filter((answer) => answer.headers.get('idempotent-replayed') === null)).toHaveLength(1);
    expect(await api.queue.depth(['python'])).toBe(before + 1);
  });

  it('waits for the replayed job, and may be used anew after 24 hours', async () => {
    const headers = { 'Idempotency-Key': 'daily' };
    const first = await post(`${api.url}/submit`, JOB, headers);
    await api.finish(idOf(first));
    const again = await post(`${api.url}/submit?wait=5`, JOB, headers);
    expect([again.status, idOf(again)]).toEqual([200, idOf(first)]);
    api.clock.moveMs(24 * 3600 * 1000 - 1);
    expect(idOf(await post(`${api.url}/submit`, JOB, headers))).toBe(idOf(first));
    api.clock.moveMs(1);
    const next = await post(`${api.url}/submit`, { ...JOB, code: 'print(3)' }, headers);
    expect(next.status).toBe(202);
    expect(idOf(next)).not.toBe(idOf(first));
  });

  it.each([[''], ['a b'], ['a'.repeat(256)], ['ä'], ['\t']])('refuses the key %j', async (key) => {
    const answer = await post(`${api.url}/submit`, JOB, { 'Idempotency-Key': key });
    expect([answer.status, answer.body['code']]).toEqual([400, 'invalid_request']);
    expect(answer.body['errors']).toMatchObject([{ path: '/headers/idempotency-key' }]);
  });
});

describe('GET /status', () => {
  it('shows a finished job, by path and by query, and never the code', async () => {
    const executionId = idOf(await post(`${api.url}/submit`, { ...JOB, code: 'SECRETCODE', input: 'SECRETINPUT' }));
    await api.finish(executionId, {
      output: 'hello\n',
      outcome: { ...{ verdict: 'runtime_error', exitCode: 3, error: 'boom', execDurationMs: 12, memoryBytes: 5 } },
    });
    const byPath = await call(`${api.url}/status/${executionId}`);
    expect(byPath.status).toBe(200);
    expect(byPath.body).toMatchObject({
      ...{ executionId, status: 'failed', verdict: 'runtime_error', step: 'run', exitCode: 3, error: 'boom' },
      ...{ stdoutPreview: 'hello\n', outputPath: `artifact:///outputs/${executionId}/1/combined.txt`, outputBytes: 6 },
      ...{ attempt: 1, execDurationMs: 12, memoryBytes: 5, truncated: false },
      ...{ startedAt: byPath.body['createdAt'], completedAt: byPath.body['createdAt'] },
    });
    expect(byPath.text).not.toMatch(/SECRET|worker|ownerId|requestHash|lease/);
    for (const path of [`/status?id=${executionId}`, `/v1/status/${executionId}`, `/v1/status?id=${executionId}`]) {
      expect((await call(api.url + path)).body).toEqual(byPath.body);
    }
  });

  it('answers 304 to who knows the state, and waits for the next state', async () => {
    const executionId = idOf(await post(`${api.url}/submit`, JOB));
    const url = `${api.url}/status/${executionId}`;
    const first = await call(url);
    const etag = first.headers.get('etag') ?? '';
    expect(etag).toMatch(/^"[!-~]+"$/);
    const known = { headers: { 'If-None-Match': `"other", W/${etag}` } };
    const same = await call(url, known);
    expect([same.status, same.text, same.headers.get('etag')]).toEqual([304, '', etag]);
    const waiting = call(`${url}?wait=25`, known);
    await subscribed(executionId);
    await api.claim(executionId);
    const changed = await waiting;
    expect([changed.status, changed.body['status']]).toEqual([200, 'running']);
    expect(changed.headers.get('etag')).not.toBe(etag);
  });

  it('waits until the job is final', async () => {
    const executionId = idOf(await post(`${api.url}/submit`, JOB));
    const waiting = call(`${api.url}/status?id=${executionId}&wait=25`);
    await subscribed(executionId);
    await api.finish(executionId);
    expect((await waiting).body['status']).toBe('completed');
    expect(api.events.size).toBe(0);
  });

  it('stops waiting when the client goes away', async () => {
    const executionId = idOf(await post(`${api.url}/submit`, JOB));
    const client = new AbortController();
    const waiting = call(`${api.url}/status/${executionId}?wait=25`, { signal: client.signal });
    await subscribed(executionId);
    client.abort();
    await expect(waiting).rejects.toThrow();
    await expect.poll(() => api.events.size).toBe(0);
    await expect.poll(() => api.logLines.at(-1)).toMatchObject({ status: 499, isGone: true, route: '/status/{id}' });
  });

  async function subscribed(_executionId: string) {
    await expect.poll(() => api.events.size, { interval: 1 }).toBe(1);
  }
});

describe('GET /result', () => {
  it('links to the output, which downloads without any other right', async () => {
    const executionId = idOf(await post(`${api.url}/submit`, JOB));
    await api.finish(executionId, { output: 'hello <b>\n', outcome: { truncated: true } });
    const answer = await call(`${api.url}/result?id=${executionId}`);
    expect(answer.status).toBe(200);
    const url = String(answer.body['url']);
    expect(answer.body).toEqual({
      ...{ executionId, status: 'completed', verdict: 'ok', url, stdoutPreview: 'hello <b>\n', outputBytes: 10 },
      ...{
        truncated: true,
        expiresAt: new Date(Math.ceil((api.clock.nowMs() + 3_600_000) / 1000) * 1000).toISOString(),
      },
    });
    const download = await call(url);
    expect([download.status, download.text]).toEqual([200, 'hello <b>\n']);
    expect(Object.fromEntries(download.headers)).toMatchObject({
      ...{ 'content-type': 'text/plain; charset=utf-8', 'content-length': '10', 'x-content-type-options': 'nosniff' },
      'content-disposition': `attachment; filename="${executionId}.txt"`,
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
    });
    expect((await call(`${api.url}/result/${executionId}`)).body).toEqual(answer.body);
    const redirect = await call(`${api.url}/result/${executionId}?redirect=1&stream=stdout`);
    expect(redirect.status).toBe(302);
    expect(redirect.headers.get('location')).toContain(`/artifacts/outputs/${executionId}/1/`);
  });

  it('says that a job is not final, and links to nothing where nothing was printed', async () => {
    const executionId = idOf(await post(`${api.url}/submit`, JOB));
    const early = await call(`${api.url}/result/${executionId}`);
    expect(early.status).toBe(409);
    expect(early.body).toMatchObject({ code: 'not_final', executionId, jobStatus: 'queued', status: 409 });
    await api.claim(executionId);
    expect((await call(`${api.url}/result/${executionId}`)).body).toMatchObject({ jobStatus: 'running' });
    const silent = idOf(await post(`${api.url}/submit`, JOB));
    await api.finish(silent);
    const answer = await call(`${api.url}/result/${silent}`);
    expect([answer.status, answer.body['url'], answer.body['expiresAt']]).toEqual([200, null, null]);
    expect((await call(`${api.url}/result/${silent}?redirect=1`)).status).toBe(204);
    expect((await call(`${api.url}/result/${silent}?stream=both`)).body['errors']).toEqual([
      { path: '/query/stream', message: 'must be one of combined, stdout, stderr' },
    ]);
  });
});

describe('GET /artifacts', () => {
  async function link(output: string) {
    const executionId = idOf(await post(`${api.url}/submit`, JOB));
    await api.finish(executionId, { output });
    return String((await call(`${api.url}/result/${executionId}`)).body['url']);
  }

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

describe('catalogue, health and version', () => {
  it('lists the languages and finds each by any of its names', async () => {
    const all = await call(`${api.url}/languages`);
    expect((all.body['languages'] as { id: string }[]).map(({ id }) => id)).toEqual(['cpp', 'python']);
    for (const name of ['cpp', 'c++', 'C%2B%2B', 'g%2b%2B']) {
      expect((await call(`${api.url}/languages/${name}`)).body).toMatchObject({
        ...{ id: 'cpp', name: 'C++', aliases: ['c++', 'g++'], sourceFile: 'main.cpp' },
        versions: [{ version: '14.2.0', toolchain: 'g++ (Debian 14.2.0-19) 14.2.0' }],
        compile: { argv: ['g++', '-O2', 'main.cpp', '-o', 'main'] },
        ...{ run: { argv: ['/program/main'] }, sample: { code: 'print(1)' }, limits: { wallTimeMs: 10_000 } },
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
        ...{ store: { isReady: true }, queue: { isReady: true }, artifacts: { isReady: true } },
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
