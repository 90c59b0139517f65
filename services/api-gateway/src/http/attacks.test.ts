/** Hostile requests, each with its exact answer (abuse suite A1 to A5 and A9), and the next honest request still fine. */
import { request as httpRequest } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { call, idOf, post } from '../testing/api-client.ts';
import { exchangeRaw, openRaw, readAnswer } from '../testing/raw-http.ts';
import { startTestGateway, type TestGateway } from '../testing/test-gateway.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const JOB = { language: 'python', code: 'print(1)' };
const ID = '0190a3c0-0000-7000-8000-000000000000';

let api: TestGateway;
beforeAll(async () => {
  api = await startTestGateway({ env: { RUNYARD_BODY_TIMEOUT_SEC: '1' } });
});
afterEach(async () => {
  expect((await post(`${api.url}/submit`, JOB)).status).toBe(202);
  expect(Object.keys(Object.prototype)).toEqual([]);
  expect('polluted' in {}).toBe(false);
});
afterAll(async () => {
  expect(api.logLines.filter((line) => line['level'] === 50)).toEqual([]);
  await api[Symbol.asyncDispose]();
});

function json(text: string) {
  return text.replace('{', '{"language":"python","code":"x",');
}

/** What is sent, and the code and pointers of the refusal. */
const REFUSED_BODIES: readonly (readonly [string, string | Uint8Array, number, string, readonly string[]])[] = [
  // Not an object, not JSON, not UTF-8.
  ['nothing', '', 400, 'invalid_request', ['']],
  ['blanks', ' \n', 400, 'invalid_request', ['']],
  ['null', 'null', 400, 'invalid_request', ['']],
  ['an array', '[]', 400, 'invalid_request', ['']],
  ['a string', '"x"', 400, 'invalid_request', ['']],
  ['half an object', '{"language":"python"', 400, 'invalid_request', ['']],
  ['a comma too many', '{"language":"python",}', 400, 'invalid_request', ['']],
  ['two documents', '{} {}', 400, 'invalid_request', ['']],
  ['NaN', json('{"limits":{"cpuTimeMs":NaN}}'), 400, 'invalid_request', ['']],
  ['invalid UTF-8', Buffer.from('{"language":"python","code":"\xff"}', 'latin1'), 400, 'invalid_request', ['']],
  [
    'a cut UTF-8 sequence',
    Buffer.from('{"language":"python","code":"\xe2\x82"}', 'latin1'),
    400,
    'invalid_request',
    [''],
  ],
  ['a surrogate in UTF-8', Buffer.from('{"code":"\xed\xa0\x80"}', 'latin1'), 400, 'invalid_request', ['']],
  ['an overlong NUL', Buffer.from('{"code":"\xc0\x80"}', 'latin1'), 400, 'invalid_request', ['']],
  ['UTF-16', Buffer.from('\ufeff{}', 'utf16le'), 400, 'invalid_request', ['']],
  // Structure.
  ['a million nested arrays', '['.repeat(1_000_000), 400, 'json_too_deep', ['/0'.repeat(32)]],
  [
    '33 levels',
    json(`{"metadata":${'{"a":'.repeat(32)}1${'}'.repeat(32)}}`),
    400,
    'json_too_deep',
    [`/metadata${'/a'.repeat(31)}`],
  ],
  [
    'a million keys',
    `{${Array.from({ length: 1_000_000 }, (_, n) => `"${n.toString(36)}":0`).join(',')}}`,
    400,
    'invalid_request',
    [''],
  ],
  ['a key twice', '{"language":"python","code":"a","code":"b"}', 400, 'invalid_request', ['/code']],
  [
    'a key twice in disguise',
    String.raw`{"language":"python","code":"a","\u0063ode":"b"}`,
    400,
    'invalid_request',
    ['/code'],
  ],
  ['__proto__', json('{"__proto__":{"polluted":1}}'), 400, 'invalid_request', ['/__proto__']],
  ['__proto__ in env', json('{"env":{"__proto__":"x"}}'), 400, 'invalid_request', ['/env/__proto__']],
  ['constructor', json('{"constructor":{"prototype":{"polluted":1}}}'), 400, 'invalid_request', ['/constructor']],
  [
    '__proto__ in metadata',
    json('{"metadata":{"a":{"__proto__":{"polluted":1}}}}'),
    400,
    'invalid_request',
    ['/metadata/a/__proto__'],
  ],
  [
    'unknown fields',
    json('{"wiat":1,"limits":{"cpu":1,"compile":{"x":1}},"a/b":2}'),
    400,
    'invalid_request',
    ['/limits/compile/x', '/limits/cpu', '/wiat', '/a~1b'],
  ],
  [
    'toString as a field',
    json('{"toString":1,"hasOwnProperty":2}'),
    400,
    'invalid_request',
    ['/toString', '/hasOwnProperty'],
  ],
  // Fields.
  ['no fields', '{}', 400, 'invalid_request', ['/language', '/code']],
  [
    'numbers for texts',
    '{"language":1,"code":2,"input":3,"userId":4,"version":5}',
    400,
    'invalid_request',
    ['/language', '/version', '/code', '/input', '/userId'],
  ],
  [
    'nulls',
    '{"language":null,"code":null,"input":null,"args":null,"env":null,"limits":null,"metadata":null}',
    400,
    'invalid_request',
    ['/language', '/code', '/input', '/args', '/env', '/limits', '/metadata'],
  ],
  ['an empty source', '{"language":"python","code":""}', 400, 'invalid_request', ['/code']],
  [
    'half a surrogate in the source',
    String.raw`{"language":"python","code":"\ud800"}`,
    400,
    'invalid_request',
    ['/code'],
  ],
  ['half a surrogate in the input', json(String.raw`{"input":"a\udc00"}`), 400, 'invalid_request', ['/input']],
  ['swapped surrogates', json(String.raw`{"input":"\udc00\ud800"}`), 400, 'invalid_request', ['/input']],
  ['half a surrogate in an argument', json(String.raw`{"args":["ok","\ud83d"]}`), 400, 'invalid_request', ['/args/1']],
  ['half a surrogate in a variable', json(String.raw`{"env":{"A":"\ud83d"}}`), 400, 'invalid_request', ['/env/A']],
  ['half a surrogate in the user', json(String.raw`{"userId":"\ud83d"}`), 400, 'invalid_request', ['/userId']],
  [
    'half a surrogate in metadata',
    json(String.raw`{"metadata":{"a":["\ud83d"]}}`),
    400,
    'invalid_request',
    ['/metadata'],
  ],
  [
    'half a surrogate as a name in metadata',
    json(String.raw`{"metadata":{"\ud83d":1}}`),
    400,
    'invalid_request',
    ['/metadata'],
  ],
  [
    'half a surrogate in the language',
    String.raw`{"language":"\ud83d","code":"x"}`,
    400,
    'invalid_request',
    ['/language'],
  ],
  ['NUL in an argument', json(String.raw`{"args":["a\u0000b"]}`), 400, 'invalid_request', ['/args/0']],
  ['NUL in a variable', json(String.raw`{"env":{"A":"\u0000"}}`), 400, 'invalid_request', ['/env/A']],
  ['NUL in the name of a variable', json(String.raw`{"env":{"A\u0000":"x"}}`), 400, 'invalid_request', ['/env/A\0']],
  ['NUL in the user', json(String.raw`{"userId":"a\u0000"}`), 400, 'invalid_request', ['/userId']],
  ['CR LF in the user', json(String.raw`{"userId":"a\r\nSet-Cookie: x"}`), 400, 'invalid_request', ['/userId']],
  ['NUL in the language', String.raw`{"language":"python\u0000","code":"x"}`, 400, 'invalid_request', ['/language']],
  [
    'names that are no variables',
    json('{"env":{"1A":"","A-B":"","":"","A=B":"","Ä":""}}'),
    400,
    'invalid_request',
    ['/env/1A', '/env/A-B', '/env/', '/env/A=B', '/env/Ä'],
  ],
  [
    'a long name of a variable',
    json(`{"env":{"${'A'.repeat(129)}":""}}`),
    400,
    'invalid_request',
    [`/env/${'A'.repeat(129)}`],
  ],
  [
    '129 variables',
    json(`{"env":${JSON.stringify(Object.fromEntries(Array.from({ length: 129 }, (_, n) => [`V${n}`, ''])))}}`),
    400,
    'invalid_request',
    ['/env'],
  ],
  ['large variables', json(`{"env":{"A":"${'x'.repeat(32 * KIB)}"}}`), 400, 'invalid_request', ['/env']],
  ['a list as variables', json('{"env":["A"]}'), 400, 'invalid_request', ['/env']],
  ['a number as variable', json('{"env":{"A":1}}'), 400, 'invalid_request', ['/env/A']],
  ['257 arguments', json(`{"args":${JSON.stringify(new Array(257).fill(''))}}`), 400, 'invalid_request', ['/args']],
  ['large arguments', json(`{"args":["${'x'.repeat(32 * KIB)}"]}`), 400, 'invalid_request', ['/args']],
  ['an object as arguments', json('{"args":{"0":"a"}}'), 400, 'invalid_request', ['/args']],
  ['bad base64', json('{"input":"AP8","inputEncoding":"base64"}'), 400, 'invalid_request', ['/input']],
  [
    'base64 with a line break',
    json(String.raw`{"input":"AP8=\n","inputEncoding":"base64"}`),
    400,
    'invalid_request',
    ['/input'],
  ],
  ['an unknown encoding', json('{"inputEncoding":"hex"}'), 400, 'invalid_request', ['/inputEncoding']],
  ['a list as metadata', json('{"metadata":[1]}'), 400, 'invalid_request', ['/metadata']],
  ['large metadata', json(`{"metadata":{"a":"${'x'.repeat(4 * KIB)}"}}`), 400, 'invalid_request', ['/metadata']],
  ['1e400 in metadata', json('{"metadata":{"a":1e400}}'), 400, 'invalid_request', ['/metadata']],
  ['a long user', json(`{"userId":"${'x'.repeat(257)}"}`), 400, 'invalid_request', ['/userId']],
  ['a long language', `{"language":"${'x'.repeat(65)}","code":"x"}`, 400, 'invalid_request', ['/language']],
  // Languages and versions.
  ['an unknown language', '{"language":"cobol","code":"x"}', 400, 'unknown_language', ['/language']],
  ['a path as language', '{"language":"../python","code":"x"}', 400, 'unknown_language', ['/language']],
  ['a twin of a name', '{"language":"p\u0443thon","code":"x"}', 400, 'unknown_language', ['/language']],
  ['__proto__ as language', '{"language":"__proto__","code":"x"}', 400, 'unknown_language', ['/language']],
  ['an unknown version', json('{"version":"3.1"}'), 400, 'unknown_version', ['/version']],
  // Limits.
  ...[
    ['zero', '0'],
    ['negative', '-1'],
    ['a fraction', '1.5'],
    ['a text', '"5"'],
    ['null', 'null'],
    ['1e309', '1e309'],
    ['a list', '[5]'],
    ['true', 'true'],
  ].map(
    ([name, value]) =>
      [
        `a limit that is ${name}`,
        json(`{"limits":{"memoryBytes":${value},"compile":{"cpuTimeMs":${value}}}}`),
        400,
        'invalid_request',
        ['/limits/memoryBytes', '/limits/compile/cpuTimeMs'],
      ] as const,
  ),
  [
    'limits above the maximum',
    json('{"limits":{"wallTimeMs":60001,"memoryBytes":1e300,"processes":257,"compile":{"wallTimeMs":30001}}}'),
    400,
    'limit_too_high',
    ['/limits/memoryBytes', '/limits/processes', '/limits/wallTimeMs', '/limits/compile/wallTimeMs'],
  ],
  ['limits too low to start', json('{"limits":{"memoryBytes":1}}'), 400, 'invalid_request', ['/limits/memoryBytes']],
  // Sizes.
  [
    'a source of 256 KiB and one byte',
    JSON.stringify({ language: 'python', code: 'x'.repeat(256 * KIB + 1) }),
    413,
    'body_too_large',
    ['/code'],
  ],
  [
    'a source of too many bytes in few letters',
    JSON.stringify({ language: 'python', code: '€'.repeat(90_000) }),
    413,
    'body_too_large',
    ['/code'],
  ],
  [
    'an input of 1 MiB and one byte',
    JSON.stringify({ ...JOB, input: 'x'.repeat(MIB + 1) }),
    413,
    'body_too_large',
    ['/input'],
  ],
  [
    'base64 of 1 MiB and one byte',
    JSON.stringify({ ...JOB, input: Buffer.alloc(MIB + 1).toString('base64'), inputEncoding: 'base64' }),
    413,
    'body_too_large',
    ['/input'],
  ],
  ['a body of 10 MiB and one byte', `{${' '.repeat(10 * MIB)}`, 413, 'body_too_large', ['']],
];

describe('bodies', () => {
  it.each(REFUSED_BODIES)('refuses %s', async (_name, body, status, code, pointers) => {
    const answer = await post(`${api.url}/submit`, body);
    expect([answer.status, answer.body['code']]).toEqual([status, code]);
    const errors = answer.body['errors'] as { path: string; message: string }[];
    expect(errors.map(({ path }) => path).sort()).toEqual([...pointers].sort());
    expect(errors.every(({ message }) => message.length > 5)).toBe(true);
    expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    expect(answer.body).toMatchObject({
      type: `/problems/${code}`,
      status,
      requestId: answer.headers.get('x-request-id'),
    });
    expect(answer.text.length).toBeLessThan(20_000);
  });

  it.each([
    ['a source of 256 KiB', { ...JOB, code: 'x'.repeat(256 * KIB) }],
    ['an input of 1 MiB', { ...JOB, input: '\0'.repeat(MIB) }],
    ['base64 of 1 MiB', { ...JOB, input: Buffer.alloc(MIB).toString('base64'), inputEncoding: 'base64' }],
    ['32 levels', { ...JOB, metadata: JSON.parse(`${'{"a":'.repeat(31)}1${'}'.repeat(31)}`) as unknown }],
    [
      '256 arguments and 128 variables',
      {
        ...JOB,
        args: new Array(256).fill('x'),
        env: Object.fromEntries(Array.from({ length: 128 }, (_, n) => [`V_${n}`, '='])),
      },
    ],
    [
      'every maximum',
      {
        ...JOB,
        limits: {
          wallTimeMs: 60_000,
          cpuTimeMs: 60_000,
          memoryBytes: 1024 * MIB,
          outputBytes: 16 * MIB,
          processes: 256,
        },
      },
    ],
    [
      'odd letters',
      {
        ...JOB,
        code: '\u2028\u2029\0é\u0065\u0301𝒳\r\n',
        userId: 'é e\u0301 𝒳\u2028',
        args: ['\u2028\r\n\u202e'],
        env: { _: '\n' },
      },
    ],
  ])('accepts %s, unchanged', async (_name, body) => {
    const answer = await post(`${api.url}/submit`, body);
    expect(answer.status).toBe(202);
    const stored = (await api.store.getSource(idOf(answer))) as unknown as Record<string, unknown>;
    const sent = body as Record<string, unknown>;
    for (const name of ['code', 'input', 'args', 'env']) {
      if (name in sent)
        expect(stored[name] === sent[name] || stored[name]).toEqual(stored[name] === sent[name] || sent[name]);
    }
    expect(answer.body).toMatchObject({ userId: sent['userId'] ?? null, metadata: sent['metadata'] ?? null });
  });

  it('names the languages and the nearest one', async () => {
    const answer = await post(`${api.url}/submit`, { language: 'pyhton', code: 'x' });
    expect(answer.body).toMatchObject({ languages: ['cpp', 'python'], nearest: 'python' });
    expect(answer.body['detail']).toBe(
      '"pyhton" is not a language of this server. Did you mean python? Languages: cpp, python.',
    );
    expect((await post(`${api.url}/submit`, { language: 'zzzz', code: 'x' })).body).toMatchObject({ nearest: null });
  });

  it('says where the JSON breaks, without quoting it', async () => {
    const answer = await post(`${api.url}/submit`, '{"language": "python",\n "code": SECRETCODE}');
    expect(answer.body['detail']).toMatch(/^The body is not valid JSON/);
    expect(answer.text).not.toContain('SECRET');
  });
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
    if (status === 415)
      expect(answer.body).toMatchObject({
        code: 'unsupported_media_type',
        errors: [{ path: '/headers/content-type' }],
      });
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

describe('ids', () => {
  it('answers every id that is not a job of the caller alike', async () => {
    const executionId = idOf(await post(`${api.url}/submit`, JOB));
    const deleted = idOf(await post(`${api.url}/submit`, JOB));
    await api.store.delete(deleted);
    const foreign = '0190a3c0-0000-7000-8000-00000000aa00';
    const job = await api.store.get(executionId);
    if (job?.status !== 'queued') throw new Error('no job');
    const source = { code: 'x', input: '', inputEncoding: 'utf8', args: [], env: {} } as const;
    await api.store.create({ ...job, executionId: foreign, ownerId: 'somebody' }, source);
    const ids = [
      ...[
        ID,
        deleted,
        foreign,
        executionId.toUpperCase(),
        `${executionId}0`,
        executionId.slice(1),
        'x',
        '..%2f..%2fetc',
        '%2e%2e/',
      ],
      ...[
        '../x',
        'a/b',
        '%00',
        '%0d%0aX: y',
        '%ff',
        '%zz',
        `${executionId}/`,
        `${executionId}%00`,
        ' ',
        "'; DROP TABLE jobs;--",
        '{}',
        'é',
        '__proto__',
      ],
      'x'.repeat(5000),
    ];
    for (const route of ['/status', '/result', '/v1/status']) {
      for (const id of ids) {
        const answer = await rawGet(`${route}/${encodeURI(id).replaceAll('%25', '%')}`);
        expect([id, answer.status, withoutRequestId(answer.text)]).toEqual([id, 404, NO_SUCH_JOB]);
      }
      for (const id of ['', ID, foreign, 'x', executionId.toUpperCase(), '%00', '..%2f']) {
        const answer = await rawGet(`${route}?id=${id}`);
        expect([id, answer.status, withoutRequestId(answer.text)]).toEqual([id, 404, NO_SUCH_JOB]);
      }
      const missing = await call(api.url + route);
      expect([missing.status, missing.body['errors']]).toEqual([400, [{ path: '/query/id', message: 'is required' }]]);
    }
  });

  const NO_SUCH_JOB = {
    ...{
      type: '/problems/not_found',
      title: 'Not found',
      status: 404,
      code: 'not_found',
      detail: 'No such job.',
      errors: [],
    },
  };
  function withoutRequestId(text: string) {
    const { requestId, ...problem } = JSON.parse(text) as Record<string, unknown>;
    expect(requestId).toMatch(/^[0-9a-f-]{36}$/);
    return problem;
  }
  /** As it stands: fetch would tidy the path up. */
  function rawGet(path: string) {
    return exchangeRaw(api.url, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  }
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
