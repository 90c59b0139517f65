import type { AbuseCase, HttpAct, RawAct, World } from '../../case.ts';
import { bash, KIB } from '../../programs.ts';
import { gets, refuses, submits, submitsWith } from './asking.ts';

const half = (field: string, value: string) =>
  submits(`half a surrogate pair in ${field}`, `{"language":"bash","code":"true",${value}}`, refuses(`/${field}`));

/** Texts that some system on the way would change: composed and decomposed, line separators, 4 bytes, invisible, right to left. */
const ODD_TEXTS = [
  'café',
  'cafe\u0301',
  '\u2028\u2029',
  '😀𝕏',
  '\u200b\u{feff}\u202e',
  'ﬁ ﬀ',
  'İı',
  '\u00a0',
  '%00',
  '{{x}}',
  '<b>',
  "' OR 1=1 --",
  '\\u0000',
];

/** What was sent comes back as it was sent, to the code point. */
async function roundTrips(world: World): Promise<readonly string[]> {
  const faults: string[] = [];
  for (const text of ODD_TEXTS) {
    const submission = {
      ...bash('cat; printf %s "$1$V"', { input: text, args: [text], env: { V: text } }),
      userId: text,
      metadata: { [text]: text, nested: [text] },
    };
    const seen = await world.run(submission);
    const { userId, metadata } = seen.job as unknown as { userId: string; metadata: unknown };
    faults.push(...world.compare(seen, { verdicts: ['ok'], stdout: text.repeat(3) }));
    if (userId !== text) faults.push(`userId ${JSON.stringify(userId)}, sent ${JSON.stringify(text)}`);
    if (JSON.stringify(metadata) !== JSON.stringify(submission.metadata))
      faults.push(`metadata ${JSON.stringify(metadata)}`);
  }
  return faults;
}

const withHeader = (name: string, header: string, expect: RawAct['expect']): RawAct => ({
  name,
  raw: [`GET /version HTTP/1.1\r\nHost: x\r\n${header}\r\nConnection: close\r\n\r\n`],
  expect,
});

const refused = { statuses: [400] };
const unharmed = (answer: {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}): readonly string[] =>
  answer.headers['x-forged'] === undefined && !String(answer.body).includes('\r\n') ? [] : ['a header could be added'];

const keyed = (name: string, key: string, expect: HttpAct['expect']): HttpAct => ({
  name: `idempotency key: ${name}`,
  http: {
    method: 'POST',
    path: '/submit',
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
    body: '{"language":"bash","code":"true"}',
  },
  expect,
});
const badKey = { statuses: [400], paths: ['/headers/idempotency-key'] };

export const TEXT_CASES: readonly AbuseCase[] = [
  {
    id: 'A3',
    title: 'halves of surrogate pairs, NUL, U+2028, four bytes, twins by normalisation in names, ids and texts',
    tags: ['full'],
    expected: '400, or back exactly as sent',
    acts: [
      half('userId', String.raw`"userId":"\ud83d"`),
      half('input', String.raw`"input":"\ude00\ud83d"`),
      half('metadata', String.raw`"metadata":{"a":"\ud83d"}`),
      half('args/0', String.raw`"args":["\ud83d"]`),
      submits('half a surrogate pair in the source', String.raw`{"language":"bash","code":"\ud83d"}`, refuses('/code')),
      submits(
        'half a surrogate pair in the language',
        String.raw`{"language":"\ud83d","code":"x"}`,
        refuses('/language'),
      ),
      submitsWith('NUL in the user', { userId: 'a\0b' }, refuses('/userId')),
      submitsWith('NUL in an argument', { args: ['a\0b'] }, refuses('/args/0')),
      submitsWith('NUL in a variable', { env: { A: '\0' } }, refuses('/env/A')),
      submitsWith('= in the name of a variable', { env: { 'A=B': 'x' } }, refuses('/env/A=B')),
      submitsWith('NUL in the language', { language: 'bash\0' }, refuses('/language')),
      { name: 'NUL in the source', job: bash('echo a\0b'), expect: { verdicts: ['ok', 'runtime_error'] } },
      { name: 'NUL in the input', job: bash('cat', { input: 'a\0b' }), expect: { verdicts: ['ok'], stdout: 'a\0b' } },
      { name: 'odd texts', script: roundTrips },
      ...['%ed%a0%80', '%ff', '%00', '%e2%80%a8', '%f0%9f%98%80', 'caf%c3%a9'].map((id) =>
        gets(`/status/${id}`, { statuses: [404] }),
      ),
    ],
  },
  {
    id: 'A4',
    title: 'CR LF in whatever becomes a header, names of headers, very long headers',
    tags: ['full'],
    expected: '400 or 431, or without any effect',
    acts: [
      ...['\r\nX-Forged: 1', '\nX-Forged: 1', '\rX-Forged: 1', '\u0000', 'two words', 'é', 'x'.repeat(65), ''].map(
        (value) =>
          withHeader(`request id ${JSON.stringify(value).slice(0, 30)}`, `X-Request-Id: abcdefgh${value}`, {
            statuses: [200, 400],
            faults: unharmed,
          }),
      ),
      ...[
        '/status/%0d%0aX-Forged:%201',
        '/result/%0d%0a%0d%0abody',
        '/languages/%0aX-Forged:1',
        '/artifacts/%0d%0aX-Forged:1?expires=1&name=%0d%0aX-Forged:1&signature=x',
      ].map((path) => gets(path, { statuses: [403, 404], faults: unharmed })),
      gets('/version?x=%0d%0aX-Forged:1', { statuses: [200, 400], faults: unharmed }),
      withHeader('a header of 17 KB', `X-Long: ${'x'.repeat(17 * KIB)}`, { statuses: [431] }),
      withHeader('a header of 10 MB', `X-Long: ${'x'.repeat(10_000 * KIB)}`, { statuses: [431, 'closed'] }),
      withHeader('3 000 headers', Array.from({ length: 3000 }, (_, n) => `X-${n}: y`).join('\r\n'), {
        statuses: [431],
      }),
      withHeader('a name with a space', 'X Forged: 1', refused),
      withHeader('a name that is empty', ': 1', refused),
      withHeader('a name with NUL', 'X\0: 1', refused),
      withHeader('a folded line', 'X-A: 1\r\n folded', { statuses: [200, 400] }),
      { name: 'no host', raw: ['GET /version HTTP/1.1\r\n\r\n'], expect: refused },
      {
        name: 'an address of 20 KB',
        raw: [`GET /${'x'.repeat(20 * KIB)} HTTP/1.1\r\nHost: x\r\n\r\n`],
        expect: { statuses: [431, 414] },
      },
      { name: 'another version', raw: ['GET / HTTP/9.9\r\nHost: x\r\n\r\n'], expect: { statuses: [400, 505] } },
      { name: 'no version', raw: ['GET /\r\n\r\n'], expect: { statuses: [400, 404, 'closed'] } },
      { name: 'HTTP/2 by force', raw: ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'], expect: { statuses: [400, 505] } },
      { name: 'TLS', raw: [Buffer.from('16030100010100', 'hex')], expect: { statuses: [400, 'closed'] } },
      {
        name: 'bytes that are nothing',
        raw: [Buffer.from(Array.from({ length: 1000 }, (_, n) => (n * 97) & 255))],
        expect: { statuses: [400, 'closed'] },
      },
      {
        name: 'an absolute address',
        raw: ['GET http://evil.example/version HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n'],
        expect: { statuses: [200, 400, 404] },
      },
      {
        name: 'a tunnel',
        raw: ['CONNECT evil.example:80 HTTP/1.1\r\nHost: evil.example\r\n\r\n'],
        expect: { statuses: [400, 404, 405, 'closed'] },
      },
      ...['TRACE', 'PUT', 'DELETE', 'PATCH', 'PROPFIND'].map((method) => ({
        name: `method ${method}`,
        http: { method, path: '/submit', headers: { 'x-secret': 'not echoed' } },
        expect: { statuses: [405], body: /^(?!.*not echoed)/ },
      })),
      { name: 'a method that is none', raw: ['EVIL /version HTTP/1.1\r\nHost: x\r\n\r\n'], expect: refused },
      keyed('256 characters', 'k'.repeat(256), badKey),
      keyed('a space', 'a b', badKey),
      keyed('empty', '', badKey),
      keyed('é in Latin-1', 'é', badKey),
      {
        name: 'idempotency key: twice',
        raw: [
          'POST /submit HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nIdempotency-Key: a\r\nIdempotency-Key: b\r\nContent-Length: 33\r\nConnection: close\r\n\r\n{"language":"bash","code":"true"}',
        ],
        expect: badKey,
      },
      submitsWith(
        'fields of webhooks',
        { callbackUrl: 'http://x/', callbackHeaders: { 'X\r\nY': 'z' } },
        refuses('/callbackHeaders'),
      ),
      submitsWith('CR LF in the user', { userId: 'a\r\nSet-Cookie: x' }, refuses('/userId')),
    ],
  },
];
