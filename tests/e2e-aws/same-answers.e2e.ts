/**
 * A deployment on AWS answers the same requests as `npm start`, field by field; only times, ids and places may differ. Its executor
 * has no right of its own: it runs programs through the launcher of the other server, by its socket.
 */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AwsDeployment } from '../support/aws-deployment.ts';
import { comparable } from '../support/comparable.ts';
import { TestServer } from '../support/server.ts';
import type { ServiceProcess } from '../support/service-process.ts';

/** What `npm start` as root becomes, and for whom its launcher's socket is. */
const NOBODY_SPECIAL = { uid: 210_000, gid: 210_000 };

let deployment: AwsDeployment;
let standalone: TestServer;
let executor: ServiceProcess;
let urls: { readonly aws: string; readonly embedded: string };

beforeAll(async () => {
  standalone = await TestServer.start();
  deployment = await AwsDeployment.create();
  const { ownerId } = await standalone.client.get<{ ownerId: string }>('/version');
  const { uid, gid } = NOBODY_SPECIAL;
  const RUNYARD_LAUNCHER_SOCKET = `/run/runyard/for-${uid}/${ownerId}.sock`;
  executor = await deployment.start('executor', { RUNYARD_LAUNCHER_SOCKET }, { uid, gid });
  const { client } = await deployment.startGateway();
  urls = { aws: client.url, embedded: standalone.url };
});

afterAll(async () => {
  await (deployment as AwsDeployment | undefined)?.[Symbol.asyncDispose]();
  await (standalone as TestServer | undefined)?.[Symbol.asyncDispose]();
});

interface Answer {
  readonly status: number;
  readonly contentType: string | null;
  readonly headers: readonly string[];
  readonly body: unknown;
}

async function ask(url: string, path: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(`${url}${path}`, { redirect: 'manual', ...init });
  const text = await response.text();
  const headers = [...response.headers.keys()].filter((name) => !['date', 'connection', 'keep-alive'].includes(name));
  return {
    status: response.status,
    contentType: response.headers.get('content-type'),
    headers: headers.toSorted(),
    body: text.startsWith('{') ? (JSON.parse(text) as unknown) : text,
  };
}

function post(body: unknown, headers: Record<string, string> = {}): RequestInit {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: text };
}

/** The answers of both, comparable. */
async function askBoth(path: string, init?: RequestInit): Promise<{ aws: unknown; embedded: unknown }> {
  const [aws, embedded] = await Promise.all([ask(urls.aws, path, init), ask(urls.embedded, path, init)]);
  return { aws: comparable(aws), embedded: comparable(embedded) };
}

const SUBMISSIONS: readonly (readonly [string, Record<string, unknown>])[] = [
  [
    'a program that ends well',
    { language: 'python', code: 'print(input())', input: 'hi\n', userId: 'u', metadata: { a: 1 } },
  ],
  ['an alias', { language: 'py', code: 'print(1)' }],
  ['a program that fails', { language: 'bash', code: 'echo out; echo err >&2; exit 7' }],
  ['a signal', { language: 'bash', code: 'kill -SEGV $$' }],
  ['no output', { language: 'bash', code: 'true' }],
  ['binary output', { language: 'bash', code: `printf '\\xff\\x00a'` }],
  ['a compile error', { language: 'c', code: 'int main(void) { return x; }' }],
  ['a compiled program', { language: 'c', code: '#include <stdio.h>\nint main(void) { puts("c"); }' }],
  ['a time limit', { language: 'bash', code: 'while :; do :; done', limits: { cpuTimeMs: 200, wallTimeMs: 5000 } }],
  ['an output limit', { language: 'bash', code: 'while :; do echo 1234567; done', limits: { outputBytes: 4096 } }],
  ['arguments and variables', { language: 'bash', code: 'echo "$1 $X"', args: ['a b'], env: { X: 'y' } }],
  ['a long source', { language: 'bash', code: `# ${'x'.repeat(100_000)}\necho long` }],
];

describe('a submission', () => {
  test.each(SUBMISSIONS)('%s', async (_title, submission) => {
    const { aws, embedded } = await askBoth('/submit?wait=25', post(submission));
    expect(aws).toEqual(embedded);
    expect(aws).toMatchObject({ status: 200 });
  });

  test.each(SUBMISSIONS.slice(0, 6))('%s: its result and its link', async (_title, submission) => {
    const results = await Promise.all(
      [urls.aws, urls.embedded].map(async (url) => {
        const job = (await ask(url, '/submit?wait=25', post(submission))).body as { executionId: string };
        const result = await ask(url, `/result/${job.executionId}`);
        const link = (result.body as { url: string | null }).url;
        const bytes = link === null ? null : Buffer.from(await (await fetch(link)).arrayBuffer()).toString('hex');
        const missing = await ask(url, `/result/${job.executionId}?stream=stderr&redirect=1`);
        return { result, bytes, missing: missing.status };
      }),
    );
    expect(comparable(results[0])).toEqual(comparable(results[1]));
  });
});

const REQUESTS: [title: string, path: string, init?: RequestInit][] = [
  ['languages', '/languages'],
  ['one language', '/languages/c++'],
  ['no such language', '/languages/cobol'],
  ['no such job', '/status/01890000-0000-7000-8000-000000000000'],
  ['no id', '/status/nonsense'],
  ['no result', '/result/01890000-0000-7000-8000-000000000000'],
  ['no such path', '/nothing'],
  ['another method', '/submit'],
  ['liveness', '/health/live'],
  ['an unknown language', '/submit', post({ language: 'pyhton', code: '' })],
  ['an unknown version', '/submit', post({ language: 'python', version: '2.7', code: '' })],
  ['a limit too high', '/submit', post({ language: 'python', code: '', limits: { memoryBytes: 1e15 } })],
  ['a wrong field', '/submit', post({ language: 'python', code: 5, what: 1 })],
  ['no JSON', '/submit', post('{')],
  ['a short door', '/execute', post({ language: 'python', code: 'print(6 * 7)' })],
  ['a short door to nowhere', '/execute', post({ language: 'cobol', code: '' })],
];

test.each(REQUESTS)('%s', async (_title, path, init) => {
  const { aws, embedded } = await askBoth(path, init);
  expect(aws).toEqual(embedded);
});

test('a key used again, and for something else', async () => {
  for (const code of ['echo 1', 'echo 1', 'echo 2']) {
    const { aws, embedded } = await askBoth(
      '/submit?wait=25',
      post({ language: 'bash', code }, { 'idempotency-key': 'k-1' }),
    );
    expect(aws).toEqual(embedded);
  }
});

test('the executor had no right that it could have used', () => {
  const status = readFileSync(`/proc/${executor.pid}/status`, 'utf8');
  expect(/^Uid:\s+(.*)$/m.exec(status)?.[1]?.split(/\s+/)).toEqual(Array.from({ length: 4 }, () => '210000'));
  expect(/^CapEff:\s+(\S+)$/m.exec(status)?.[1]).toBe('0000000000000000');
  expect(/^Groups:[ \t]*(.*)$/m.exec(status)?.[1]?.trim() ?? '').toBe('');
});
