import type { AbuseCase, World } from '../../case.ts';
import { JSON_TYPE, refuses, submits, submitsWith } from './asking.ts';

const MILLION = 1_000_000;
const OPEN = '{"language":"bash","code":"true",';
const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
const deepMetadata = (depth: number) => `${OPEN}"metadata":${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}}`;
const millionKeys = () => `{${Array.from({ length: MILLION }, (_, n) => `"${n.toString(36)}":0`).join(',')}}`;
const INVALID = { statuses: [400], code: 'invalid_request' };

/** Each name that could reach a prototype, at the top, below, and spelt with escapes. */
const PROTOTYPE_BODIES = [
  `${OPEN}"__proto__":{"language":"python"}}`,
  `${OPEN}"constructor":{"prototype":{"language":"python"}}}`,
  `${OPEN}"metadata":{"__proto__":{"polluted":true}}}`,
  `${OPEN}"metadata":{"a":{"constructor":{"prototype":{"polluted":true}}}}}`,
  `${OPEN}"limits":{"__proto__":{"wallTimeMs":1}}}`,
  `${OPEN}"env":{"__proto__":"x"}}`,
  String.raw`${OPEN}"\u005f_proto_\u005f":{"polluted":true}}`,
];

/** Fields that every polluted object would have: without them a submission must still be refused. */
async function unpolluted(world: World): Promise<readonly string[]> {
  const answer = await world.request({ method: 'POST', path: '/submit', headers: JSON_TYPE, body: '{}' });
  const text = String(answer.body);
  return answer.status === 400 && text.includes('"/language"') && text.includes('"/code"')
    ? []
    : [`{} answers ${answer.status}: ${text}`];
}

export const JSON_CASES: readonly AbuseCase[] = [
  {
    id: 'A2',
    title: '10^6 nested arrays, 10^6 keys, 1e400, keys given twice, __proto__, constructor',
    tags: ['fast', 'full'],
    expected: '400 before anything recursive; no prototype changes',
    acts: [
      submits('10^6 nested arrays', nested(MILLION), { statuses: [400], code: 'json_too_deep' }),
      submits('10^6 arrays that never close', '['.repeat(MILLION), { statuses: [400], code: 'json_too_deep' }),
      submits('10^6 objects in each other', `${'{"a":'.repeat(MILLION)}1${'}'.repeat(MILLION)}`, {
        statuses: [400],
        code: 'json_too_deep',
      }),
      submits('10^6 arrays in a field', `${OPEN}"metadata":{"a":${nested(MILLION)}}}`, {
        statuses: [400],
        code: 'json_too_deep',
      }),
      submits('a depth of 32', deepMetadata(31), { statuses: [202] }),
      submits('a depth of 33', deepMetadata(32), { statuses: [400], code: 'json_too_deep' }),
      submits('10^6 keys', millionKeys(), INVALID),
      submits('10^6 commas', `[${','.repeat(MILLION)}]`, INVALID),
      submits('10^6 elements in a field', `${OPEN}"args":[${'"",'.repeat(MILLION - 1)}""]}`, INVALID),
      submits('10^6 quotes', '"'.repeat(MILLION), INVALID),
      submits('10^6 backslashes', `{"${'\\\\'.repeat(MILLION)}":1}`, INVALID),
      submits(
        'a number of 10^6 digits',
        `${OPEN}"limits":{"wallTimeMs":1${'0'.repeat(MILLION)}}}`,
        refuses('/limits/wallTimeMs'),
      ),
      submits('1e400', `${OPEN}"limits":{"wallTimeMs":1e400}}`, refuses('/limits/wallTimeMs')),
      submits('1e400 in metadata', `${OPEN}"metadata":{"a":1e400}}`, refuses('/metadata')),
      submits('-1e400 deep in metadata', `${OPEN}"metadata":{"a":[{"b":-1e400}]}}`, refuses('/metadata')),
      submits('a key twice', '{"language":"bash","code":"true","language":"python"}', refuses('/language')),
      submits(
        'a key twice in two spellings',
        String.raw`{"language":"bash","code":"true","l\u0061nguage":"python"}`,
        refuses('/language'),
      ),
      submits('a limit twice', `${OPEN}"limits":{"wallTimeMs":1,"wallTimeMs":2}}`, refuses('/limits/wallTimeMs')),
      ...PROTOTYPE_BODIES.map((body, n) => submits(`name of a prototype ${n + 1}`, body, INVALID)),
      submits(
        'names that every object has',
        `${OPEN}"toString":1,"hasOwnProperty":2,"valueOf":3}`,
        refuses('/toString'),
      ),
      { name: 'no prototype has changed', script: unpolluted },
      ...[
        '',
        ' ',
        'null',
        'true',
        '1',
        '"text"',
        '[]',
        '{',
        '{}}',
        `${OPEN}}`,
        "{'a':1}",
        '{a:1}',
        '{"a":NaN}',
        '{"a":01}',
        '{"a":1,}',
        '/* */{}',
        '\0{}',
      ].map((text) => submits(`not a submission: ${JSON.stringify(text)}`, text, INVALID)),
      submits('not UTF-8', Buffer.from('{"language":"bash\xff","code":"x"}', 'latin1'), INVALID),
      submits('UTF-16', Buffer.from('{"language":"bash","code":"x"}', 'utf16le'), INVALID),
      submits('with a byte order mark', '\u{feff}{"language":"bash","code":"true"}', { statuses: [202] }),
    ],
  },
  {
    id: 'A9',
    title: 'limits that are negative, huge, no numbers, texts; above the plan; unknown language, version, flag',
    tags: ['fast', 'full'],
    expected: '400 that names the field; nothing is clipped in silence',
    acts: [
      ...['0', '-1', '1.5', '1e-9', '-0', '"5"', 'null', 'true', '[5]', '{}', '""'].flatMap((value) =>
        ['wallTimeMs', 'memoryBytes', 'outputBytes', 'openFiles'].map((field) =>
          submits(`${field} ${value}`, `${OPEN}"limits":{"${field}":${value}}}`, refuses(`/limits/${field}`)),
        ),
      ),
      ...[
        'cpuTimeMs',
        'wallTimeMs',
        'memoryBytes',
        'outputBytes',
        'processes',
        'fileBytes',
        'openFiles',
        'stackBytes',
      ].flatMap((field) => [
        submitsWith(
          `${field} as large as can be`,
          { limits: { [field]: Number.MAX_SAFE_INTEGER } },
          refuses(`/limits/${field}`, 'limit_too_high'),
        ),
        submits(`${field} 1e300`, `${OPEN}"limits":{"${field}":1e300}}`, refuses(`/limits/${field}`, 'limit_too_high')),
        submitsWith(
          `compile ${field} as large as can be`,
          { limits: { compile: { [field]: Number.MAX_SAFE_INTEGER } } },
          refuses(`/limits/compile/${field}`, 'limit_too_high'),
        ),
      ]),
      submitsWith(
        'a millisecond above the plan',
        { limits: { wallTimeMs: 60_001 } },
        refuses('/limits/wallTimeMs', 'limit_too_high'),
      ),
      submitsWith(
        'a process above the plan',
        { limits: { processes: 257 } },
        refuses('/limits/processes', 'limit_too_high'),
      ),
      submitsWith('too little memory to start', { limits: { memoryBytes: 1 } }, refuses('/limits/memoryBytes')),
      submitsWith('an unknown limit', { limits: { wallTimeS: 5 } }, refuses('/limits/wallTimeS')),
      submitsWith('limits as a list', { limits: [] }, refuses('/limits')),
      submitsWith('limits as null', { limits: null }, refuses('/limits')),
      ...[
        'cobol',
        'BASH ',
        ' bash',
        '../bash',
        'bash\u200b',
        'b\u0430sh',
        'py.*',
        '$ne',
        '*',
        '__proto__',
        'constructor',
        'toString',
      ].map((language) =>
        submitsWith(`language ${JSON.stringify(language)}`, { language }, refuses('/language', 'unknown_language')),
      ),
      ...[1, null, {}, [], { $gt: '' }, true, ''].map((language) =>
        submitsWith(`language ${JSON.stringify(language)}`, { language }, refuses('/language')),
      ),
      ...['0', '99.9', 'latest', '../3', ' ', '3.1'].map((version) =>
        submitsWith(`version ${JSON.stringify(version)}`, { version }, refuses('/version', 'unknown_version')),
      ),
      ...[
        'network',
        'enable_network',
        'privileged',
        'user',
        'uid',
        'image',
        'runtime',
        'mounts',
        'hostname',
        'executionId',
        'ownerId',
        'status',
        'callbackUrl',
        'notAfter',
        'tests',
        'checker',
      ].map((field) => submitsWith(`field ${field}`, { [field]: true }, refuses(`/${field}`))),
      ...[
        'wait=-1',
        'wait=26',
        'wait=NaN',
        'wait=1e1',
        'wait=',
        'wait=1&wait=2',
        'nope=1',
        'wait=0x10',
        'wait=%31%00',
      ].map((query) => ({
        name: `query ${query}`,
        http: { method: 'POST', path: `/submit?${query}`, headers: JSON_TYPE, body: `${OPEN}"args":[]}` },
        expect: { statuses: [400], code: 'invalid_request' },
      })),
    ],
  },
];
