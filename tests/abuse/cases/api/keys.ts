import type { AbuseCase, Answer, World } from '../../case.ts';
import { bash } from '../../programs.ts';
import { gets, JSON_TYPE, submitsWith } from './asking.ts';

const DAY_SEC = 24 * 3600;
const AT_ONCE = 100;

let uses = 0;
/** A key that no run before this one has used. */
const newKey = (name: string) => `${name}-${Date.now()}-${(uses += 1)}`;

function submitKeyed(world: World, key: string, fields: Readonly<Record<string, unknown>> = {}): Promise<Answer> {
  const body = JSON.stringify({ language: 'bash', code: 'echo once', ...fields });
  return world.request({ method: 'POST', path: '/submit', headers: { ...JSON_TYPE, 'idempotency-key': key }, body });
}

const idOf = ({ body }: Answer) => (JSON.parse(String(body)) as { executionId?: string }).executionId;

async function replays(world: World): Promise<readonly string[]> {
  const key = newKey('replay');
  const first = await submitKeyed(world, key);
  const same = await submitKeyed(world, key);
  const spelt = await world.request({
    method: 'POST',
    path: '/submit',
    headers: { ...JSON_TYPE, 'idempotency-key': key },
    body: String.raw`{ "code" : "\u0065cho once", "language": "bash", "args": [] }`,
  });
  const other = await submitKeyed(world, key, { code: 'echo twice' });
  const otherLimit = await submitKeyed(world, key, { limits: { wallTimeMs: 1234 } });
  return [
    ...(first.status === 202 ? [] : [`first: ${first.status}`]),
    ...(idOf(same) === idOf(first) && same.headers['idempotent-replayed'] === 'true'
      ? []
      : ['the replay is another job']),
    ...(idOf(spelt) === idOf(first) ? [] : [`the same in another spelling answers ${spelt.status}`]),
    ...[other, otherLimit].flatMap(({ status, body }) =>
      status === 409 && String(body).includes('idempotency_mismatch') ? [] : [`another body answers ${status}`],
    ),
  ];
}

/** Half of them with another body: one job, one body wins, the others are told. */
async function allAtOnce(world: World): Promise<readonly string[]> {
  const key = newKey('at-once');
  const answers = await Promise.all(
    Array.from({ length: AT_ONCE }, (_, n) => submitKeyed(world, key, { code: `echo ${n % 2}` })),
  );
  const accepted = answers.filter(({ status }) => status === 202 || status === 200);
  const refused = answers.filter(({ status }) => status === 409);
  const ids = new Set(accepted.map(idOf));
  const news = accepted.filter(({ headers }) => headers['idempotent-replayed'] === undefined);
  world.note(`${accepted.length} accepted as ${ids.size} job, ${refused.length} refused by 409`);
  return [
    ...(ids.size === 1 ? [] : [`${ids.size} jobs`]),
    ...(news.length === 1 ? [] : [`${news.length} answers say that theirs is the new one`]),
    ...(accepted.length === AT_ONCE / 2 && refused.length === AT_ONCE / 2
      ? []
      : [`${accepted.length} accepted, ${refused.length} refused`]),
  ];
}

/** Keys that would be something else if they were put into a path, a query or a key of a table unasked. */
async function keysAreOnlyKeys(world: World): Promise<readonly string[]> {
  const faults: string[] = [];
  const ids = new Set<string | undefined>();
  const words = [
    '../../x',
    'src#x',
    "';DROP/**/TABLE/**/jobs;--",
    '{"$gt":""}',
    '*',
    '%2e%2e',
    '__proto__',
    '${x}',
    '\\',
    '"',
    '/',
    'owner#status',
  ];
  for (const word of words) {
    const answer = await submitKeyed(world, newKey(word).replaceAll(' ', ''));
    if (answer.status !== 202) faults.push(`${word} answers ${answer.status}`);
    ids.add(idOf(answer));
  }
  if (ids.size !== words.length) faults.push('two keys name one job');
  return faults;
}

/** A signed link, changed in every part. */
async function links(world: World): Promise<readonly string[]> {
  const [one, other] = [await world.run(bash('echo one')), await world.run(bash('echo other'))];
  const linkOf = async (id: string): Promise<URL> => {
    const { body } = await world.request({ path: `/result/${id}` });
    return new URL((JSON.parse(String(body)) as { url: string }).url, world.url);
  };
  const link = await linkOf(one.job.executionId);
  const foreign = await linkOf(other.job.executionId);
  const changed = (change: (url: URL) => void): string => {
    const url = new URL(link);
    change(url);
    return `${url.pathname}${url.search}`;
  };
  const set = (name: string, value: string) => changed((url) => url.searchParams.set(name, value));
  const signature = link.searchParams.get('signature') ?? '';
  const expires = Number(link.searchParams.get('expires'));
  const forged = [
    set('expires', String(expires + DAY_SEC)),
    set('expires', `${expires}.0`),
    set('expires', `0${expires}`),
    set('expires', '9'.repeat(30)),
    set('expires', '-1'),
    set('name', 'evil.html'),
    set('signature', ''),
    set('signature', 'none'),
    set('signature', signature.slice(0, -1)),
    set('signature', signature.toLowerCase()),
    set('signature', foreign.searchParams.get('signature') ?? ''),
    changed((url) => url.searchParams.delete('signature')),
    changed((url) => url.searchParams.delete('expires')),
    changed((url) => (url.pathname = foreign.pathname)),
    changed((url) => (url.pathname = url.pathname.replace('combined.txt', 'stdout'))),
    `${link.pathname.replace('/outputs/', '/outputs/%2e%2e/outputs/')}${link.search}`,
    `${link.pathname}/..%2f..%2frunyard.db${link.search}`,
    `/artifacts/..%2frunyard.db${link.search}`,
    `/artifacts/%2fetc%2fpasswd${link.search}`,
  ];
  const faults: string[] = [];
  for (const path of forged) {
    const { status } = await world.request({ path });
    if (status !== 403 && status !== 404 && status !== 400) faults.push(`${path} answers ${status}`);
  }
  for (let replay = 0; replay < 3; replay += 1) {
    const again = await world.request({ path: `${link.pathname}${link.search}` });
    if (String(again.body) !== 'one\n') faults.push(`the link itself answers ${again.status}`);
  }
  return faults;
}

async function expires(world: World): Promise<readonly string[]> {
  const { job } = await world.run(bash('echo short'));
  const { body } = await world.request({ path: `/result/${job.executionId}` });
  const { url, expiresAt } = JSON.parse(String(body)) as { url: string; expiresAt: string };
  const { pathname, search } = new URL(url, world.url);
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, Date.parse(expiresAt) - Date.now()) + 100));
  const { status } = await world.request({ path: `${pathname}${search}` });
  return status === 403 ? [] : [`a link whose time is over answers ${status}`];
}

const AUTHORISATIONS = [
  'Bearer x',
  `Bearer ${Buffer.from('{"alg":"none"}').toString('base64url')}.e30.`,
  'Basic YWRtaW46YWRtaW4=',
  'Bearer',
];
const GRAPHQL = '{"query":"{__schema{types{name}}}"}';

export const KEY_CASES: readonly AbuseCase[] = [
  {
    id: 'A7',
    title: 'the same idempotency key again, with another body, a hundred at once',
    tags: ['fast', 'full'],
    expected: 'one job; 409 for another body',
    acts: [
      { name: 'replays', script: replays },
      { name: 'a hundred at once', script: allAtOnce },
    ],
  },
  {
    id: 'A8',
    title: 'signed links again, changed, expired; tokens of the kind "none"',
    tags: ['full'],
    expected:
      'a link works until its time is over and only as it was signed; there are no tokens, and none gives more than nobody has',
    serverEnv: { RUNYARD_LINK_LIFE_SEC: '10' },
    acts: [
      { name: 'links', script: links },
      { name: 'a link whose time is over', script: expires },
      ...AUTHORISATIONS.map((authorization) => ({
        name: authorization.slice(0, 20),
        http: { path: '/status/0190a3c0-0000-7000-8000-000000000000', headers: { authorization, 'x-auth-token': 'x' } },
        expect: { statuses: [404] },
      })),
    ],
  },
  {
    id: 'A12',
    title: 'GraphQL, patterns, keys of tables and objects in ids, names and keys',
    tags: ['full'],
    expected: 'keys are made of our own ids; what a client names is only compared',
    acts: [
      { name: 'keys are only keys', script: keysAreOnlyKeys },
      {
        name: 'GraphQL',
        http: { method: 'POST', path: '/graphql', headers: JSON_TYPE, body: GRAPHQL },
        expect: { statuses: [404] },
      },
      ...['src#1', 'open#0', 'job#../x', '{"S":"x"}', "x' OR '1'='1", '#attribute', ':value'].map((userId) =>
        submitsWith(`user ${userId}`, { userId }, { statuses: [202] }),
      ),
      gets('/status?id=%7b%22S%22%3a%22x%22%7d', { statuses: [404] }),
      gets('/status?id[$ne]=x', { statuses: [400] }),
      gets('/status?id=x&id=y', { statuses: [400] }),
      gets('/languages/.*', { statuses: [404] }),
      gets('/languages/__proto__', { statuses: [404] }),
      gets('/languages/..%2f..%2fpackage.json', { statuses: [404] }),
      ...[
        '/.git/config',
        '/.env',
        '/package.json',
        '/runyard.db',
        '/../../etc/passwd',
        '/%2e%2e/%2e%2e/etc/passwd',
        '//etc/passwd',
        '/secret',
      ].map((path) => gets(path, { statuses: [404] })),
    ],
  },
];
