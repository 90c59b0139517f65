import { brotliCompressSync, gzipSync } from 'node:zlib';
import type { AbuseCase, HttpAct, RawAct, World } from '../../case.ts';
import { KIB, MIB } from '../../programs.ts';
import { JOB } from './asking.ts';

const BODY_CAP = 10 * MIB;
const TIMEOUT_SEC = 2;
const FLOOD_BODIES = 20;
const BODY = JSON.stringify(JOB);
const HEAD = 'POST /submit HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';
const TOO_LARGE = { statuses: [413], code: 'body_too_large' };

/** Kept small until it is needed: 200 MiB of zeros, a thousandth of that on the wire. */
const bomb = (compress: (data: Buffer) => Buffer): Buffer => compress(Buffer.alloc(200 * MIB));

const posts = (
  name: string,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array | string,
  expect: HttpAct['expect'],
): HttpAct => ({
  name,
  http: { method: 'POST', path: '/submit', headers, body },
  expect,
});

const json = { 'content-type': 'application/json' };
const encoded = (encoding: string) => ({ ...json, 'content-encoding': encoding });
const ofType = (type: string) =>
  posts(type, { 'content-type': type }, BODY, { statuses: [415], code: 'unsupported_media_type' });
const raw = (name: string, pieces: RawAct['raw'], statuses: RawAct['expect']['statuses']): RawAct => ({
  name,
  raw: pieces,
  expect: { statuses },
});
const chunk = `10000\r\n${'x'.repeat(64 * KIB)}\r\n`;

/** Bodies of 10 MiB each, all at once: some are refused while others arrive, none is answered by an error of ours. */
async function flood(world: World): Promise<readonly string[]> {
  const body = Buffer.alloc(BODY_CAP, ' ');
  const asking = Array.from({ length: FLOOD_BODIES }, () =>
    world.request({ method: 'POST', path: '/submit', headers: json, body }).then(
      ({ status }) => status,
      () => 'closed' as const,
    ),
  );
  const statuses = await Promise.all(asking);
  const counts = [...Map.groupBy(statuses, (status) => status)];
  world.note(counts.map(([status, all]) => `${all.length} × ${status}`).join(', '));
  return statuses.every((status) => typeof status === 'string' || [400, 408, 503].includes(status))
    ? []
    : [`answers ${statuses.join(' ')}`];
}

export const BODY_CASES: readonly AbuseCase[] = [
  {
    id: 'A1',
    title: 'bodies too large, without length, too slow, compressed bombs, of other types',
    tags: ['full'],
    expected: '413, 408, 415 or 400; memory flat; never a 5xx but 503',
    serverEnv: { RUNYARD_BODY_TIMEOUT_SEC: String(TIMEOUT_SEC) },
    acts: [
      posts('the limit and one byte', json, `{${' '.repeat(BODY_CAP)}`, TOO_LARGE),
      raw('a declared length of 1 TB', [`${HEAD}Content-Length: 1099511627776\r\n\r\n{`], [413]),
      raw('a length that is no number', [`${HEAD}Content-Length: -1\r\n\r\n{}`], [400]),
      raw('a length with a sign', [`${HEAD}Content-Length: +2\r\n\r\n{}`], [400]),
      raw('a length too long for a number', [`${HEAD}Content-Length: 99999999999999999999999\r\n\r\n{}`], [400, 413]),
      raw('two lengths', [`${HEAD}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} `], [400]),
      raw('length and chunks', [`${HEAD}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`], [400]),
      raw('chunks twice', [`${HEAD}Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n`], [400, 415]),
      raw('an unknown transfer encoding', [`${HEAD}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`], [400, 501]),
      raw(
        'a chunk size that overflows',
        [`${HEAD}Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nx`],
        [400, 413],
      ),
      raw('a chunk size that is negative', [`${HEAD}Transfer-Encoding: chunked\r\n\r\n-1\r\nx`], [400]),
      raw(
        'chunks without end',
        [`${HEAD}Transfer-Encoding: chunked\r\n\r\n`, ...Array.from({ length: 200 }, () => chunk)],
        [413],
      ),
      raw(
        'an extension of a chunk without end',
        [`${HEAD}Transfer-Encoding: chunked\r\n\r\n1;${'x'.repeat(32 * KIB)}`],
        [400, 413, 408],
      ),
      raw(
        'trailers without end',
        [
          `${HEAD}Transfer-Encoding: chunked\r\n\r\n0\r\n`,
          ...Array.from({ length: 300 }, (_, n) => `T${n}: ${'x'.repeat(100)}\r\n`),
        ],
        [400, 408, 413, 431],
      ),
      raw(
        'one byte a second',
        [`${HEAD}Content-Length: 100\r\n\r\n`, ...Array.from({ length: 9 }, () => ['{', { pauseMs: 1000 }]).flat()],
        [408],
      ),
      raw('a body that never comes', [`${HEAD}Content-Length: 100\r\n\r\n`], [408]),
      raw('chunks that never come', [`${HEAD}Transfer-Encoding: chunked\r\n\r\n1\r\n`], [408]),
      raw(
        'headers at one line a second',
        [
          'POST /submit HTTP/1.1\r\n',
          ...Array.from({ length: 25 }, (_, n) => [`X-${n}: y\r\n`, { pauseMs: 1000 }]).flat(),
        ],
        [408, 'closed'],
      ),
      raw(
        'expect 100-continue and an unknown expectation',
        [`${HEAD}Expect: 200-maybe\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`],
        [202, 417],
      ),
      posts('a bomb by gzip', encoded('gzip'), bomb(gzipSync), TOO_LARGE),
      posts('a bomb by brotli', encoded('br'), bomb(brotliCompressSync), TOO_LARGE),
      posts('a bomb in a bomb', encoded('gzip, gzip'), gzipSync(bomb(gzipSync)), { statuses: [415] }),
      posts('gzip cut short', encoded('gzip'), gzipSync(BODY).subarray(0, 20), { statuses: [400] }),
      posts('gzip that is none', encoded('gzip'), BODY, { statuses: [400] }),
      posts('good gzip', encoded('gzip'), gzipSync(BODY), { statuses: [202] }),
      posts('an unknown encoding', encoded('zstd'), BODY, { statuses: [415] }),
      posts('no type', {}, BODY, { statuses: [415] }),
      ...[
        'image/png',
        'text/html',
        'application/x-www-form-urlencoded',
        'multipart/form-data; boundary=x',
        'application/json; charset=utf-16',
        'application/jsonx',
        'application/vnd.api+json',
        'json',
        '*/*',
      ].map(ofType),
      posts('text without a language', { 'content-type': 'text/plain' }, 'echo', {
        statuses: [400],
        paths: ['/language'],
      }),
      { name: `${FLOOD_BODIES} bodies of 10 MiB at once`, script: flood },
    ],
    checks: [
      ({ before, during }) => {
        const most = Math.max(...during.map(({ serverRssBytes }) => serverRssBytes));
        // 256 MiB of bodies may arrive at once, and each is held twice while it is decoded.
        return most - before.serverRssBytes < 700 * MIB
          ? []
          : [`memory of the server grew by ${most - before.serverRssBytes} bytes`];
      },
    ],
  },
];
