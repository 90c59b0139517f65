import type { AbuseCase, HttpAct, JobAct } from '../../case.ts';
import { programsOf } from '../../../programs/index.ts';

const KIB = 1024;
const LANGUAGES = [
  'bash',
  'c',
  'cpp',
  'go',
  'haskell',
  'java',
  'javascript',
  'lua',
  'perl',
  'php',
  'python',
  'ruby',
  'rust',
  'typescript',
];

/** File names that lead somewhere else, or nowhere. */
const BAD_NAMES: Readonly<Record<string, string>> = {
  'a folder up': '../x',
  absolute: '/etc/x',
  'up in the middle': 'a/../../x',
  backslashes: String.raw`..\x`,
  'percent signs': '%2e%2e/x',
  empty: '',
  dot: '.',
  'two dots': '..',
  'a slash at the end': 'x/',
  NUL: 'a\0b',
  'a line feed': 'a\nb',
  '300 bytes': 'x'.repeat(300),
  '100 levels': 'a/'.repeat(100) + 'x',
  'a good one': 'main.c',
};

/** What a shell, an option parser or an argument file would not take as a plain word. */
const HOSTILE_WORDS = [
  '-rf',
  '--version',
  '--',
  '-',
  '@args',
  '+RTS',
  '--info',
  '-RTS',
  '@/etc/passwd',
  '$(id)',
  '`id`',
  ';id',
  '|id',
  'two words',
  `quotes ' and "`,
  '*',
  '~',
  '$HOME',
  '${HOME}',
  'a\nb',
  'emoji 😀',
  'caf\u00e9',
  'cafe\u0301',
  'Case',
  'case',
  '%s%n',
  '\\',
  '',
];

function submitJson(name: string, body: unknown, expect: HttpAct['expect']): HttpAct {
  const headers = { 'content-type': 'application/json' };
  return {
    name,
    http: { method: 'POST', path: '/submit', headers, body: typeof body === 'string' ? body : JSON.stringify(body) },
    expect,
  };
}

const JOB = { language: 'python', code: 'print(1)' };
const UNKNOWN_FILES = { statuses: [400], code: 'invalid_request', paths: ['/files'] };

/** Each argument on a line of its own, as the program of every language prints them; then four bytes. */
const wordsIn = (language: string): JobAct => ({
  name: language,
  job: { language, code: programsOf(language).argumentsAndBytes, args: HOSTILE_WORDS, env: { GHCRTS: '-x' } },
  expect: {
    verdicts: ['ok'],
    stdout: Buffer.concat([
      Buffer.from(HOSTILE_WORDS.map((word) => `${word}\n`).join('')),
      Buffer.from([0, 0xff, 0x80, 10]),
    ]),
  },
});

/** Submissions are one file whose name the language gives: a field for names is refused as a whole, and says which. */
export const REQUEST_NAME_CASES: readonly AbuseCase[] = [
  {
    id: 'P1',
    title: 'file names that climb, are absolute, empty, long, deep, or hold NUL and line feeds',
    tags: ['fast', 'full'],
    expected: 'refused with the name of the field: one source file is taken, and its name is not the client’s to give',
    acts: [
      ...Object.entries(BAD_NAMES).map(([name, path]) =>
        submitJson(name, { ...JOB, files: [{ path, content: 'x' }] }, UNKNOWN_FILES),
      ),
      ...['filename', 'entry', 'path', 'name', 'artifacts'].map((field) =>
        submitJson(`field ${field}`, { ...JOB, [field]: '../x' }, { statuses: [400], paths: [`/${field}`] }),
      ),
      {
        name: 'in the query of a text submission',
        http: {
          method: 'POST',
          path: '/submit?language=python&filename=..%2fx',
          headers: { 'content-type': 'text/plain' },
          body: 'print(1)',
        },
        expect: { statuses: [400], paths: ['/query/filename'] },
      },
    ],
  },
  {
    id: 'P2',
    title: 'names that are options, argument files, commands, patterns, twins',
    tags: ['full'],
    expected:
      'as arguments, the only names that a client gives, they reach the program of every language as they are: no shell, no option parser before it',
    acts: LANGUAGES.map(wordsIn),
  },
  {
    id: 'P3',
    title: 'names given twice, a file that is a folder too, 1 001 files, a file over the limit',
    tags: ['fast', 'full'],
    expected: 'refused with the name of the field',
    acts: [
      submitJson('twice the same', { ...JOB, files: [{ path: 'a' }, { path: 'a' }] }, UNKNOWN_FILES),
      submitJson('file and folder', { ...JOB, files: [{ path: 'a' }, { path: 'a/b' }] }, UNKNOWN_FILES),
      submitJson(
        '1 001 files',
        { ...JOB, files: Array.from({ length: 1001 }, (_, n) => ({ path: `f${n}`, content: '' })) },
        UNKNOWN_FILES,
      ),
      submitJson(
        '10 001 files, more values than a body may have',
        { ...JOB, files: Array.from({ length: 10_001 }, (_, n) => ({ path: `f${n}` })) },
        {
          statuses: [400],
          code: 'invalid_request',
        },
      ),
      submitJson('the field twice', '{"language":"python","code":"print(1)","files":[],"files":[]}', UNKNOWN_FILES),
      submitJson('the source twice', '{"language":"python","code":"print(1)","code":"print(2)"}', {
        statuses: [400],
        paths: ['/code'],
      }),
      submitJson(
        'one byte over the limit',
        { ...JOB, code: `#${' '.repeat(256 * KIB)}` },
        { statuses: [413], code: 'body_too_large', paths: ['/code'] },
      ),
      submitJson('at the limit', { ...JOB, code: `#${' '.repeat(256 * KIB - 1)}` }, { statuses: [202] }),
    ],
  },
  {
    id: 'P7',
    title: 'archives: slip, links, devices, bombs',
    tags: ['full'],
    expected: 'refused unopened: there is no upload of archives, by no type and no field',
    acts: [
      ...[
        'application/zip',
        'application/x-tar',
        'application/gzip',
        'application/octet-stream',
        'multipart/form-data; boundary=x',
      ].map((type): HttpAct => ({
        name: type,
        http: {
          method: 'POST',
          path: '/submit?language=python',
          headers: { 'content-type': type },
          body: Buffer.from('UEsDBAoAAAAAAA==', 'base64'),
        },
        expect: { statuses: [415], code: 'unsupported_media_type' },
      })),
      ...['archive', 'zip', 'additional_files', 'tar'].map((field) =>
        submitJson(
          `field ${field}`,
          { ...JOB, [field]: 'UEsDBAoAAAAAAA==' },
          { statuses: [400], paths: [`/${field}`] },
        ),
      ),
      {
        name: 'a zip as source text',
        http: {
          method: 'POST',
          path: '/submit?language=python',
          headers: { 'content-type': 'text/plain' },
          body: Buffer.from([0x50, 0x4b, 3, 4, 0xff, 0xfe]),
        },
        expect: { statuses: [400], paths: ['/code'] },
      },
    ],
  },
];
