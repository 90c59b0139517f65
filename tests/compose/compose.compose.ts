/** `docker compose up` of the checkout as it is: what a user of it meets over HTTP, and what its containers may do. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Client, type Submission, type WireLanguage } from '../support/client.ts';
import { comparable } from '../support/comparable.ts';
import { TestServer } from '../support/server.ts';
import { ComposeProject } from './support/compose-project.ts';

const FEW = ['python', 'bash', 'c', 'cpp', 'javascript', 'typescript'];
const ALL = [...FEW, 'go', 'haskell', 'java', 'lua', 'perl', 'php', 'ruby', 'rust'];
const PROFILE = process.env['RUNYARD_COMPOSE_PROFILE'] === 'all' ? 'all' : 'few';
const LANGUAGES = PROFILE === 'all' ? ALL : FEW;
const LINK_LIFE_SEC = 3;
const SETUP_MS = 1_200_000;

let project: ComposeProject;
let client: Client;

beforeAll(async () => {
  project = await ComposeProject.start(
    {
      languages: LANGUAGES,
      profile: PROFILE,
      scale: { 'executor-python': 3 },
      env: { RUNYARD_LINK_LIFE_SEC: String(LINK_LIFE_SEC), RUNYARD_LEASE_SEC: '6' },
    },
    (line) => process.stderr.write(`compose: ${line}\n`),
  );
  client = new Client(project.url);
}, SETUP_MS);

afterAll(async () => {
  await project?.[Symbol.asyncDispose]();
});

const hello: Submission = { language: 'python', code: 'print("hello")' };

describe('results', () => {
  test('submit, poll, and the presigned link opens from the host', async () => {
    const submitted = await client.submit(hello);
    expect(submitted).toMatchObject({ status: 'queued', attempt: 0 });
    const job = await client.untilFinal(submitted);
    expect(job).toMatchObject({
      status: 'completed',
      verdict: 'ok',
      exitCode: 0,
      stdoutPreview: 'hello\n',
      attempt: 1,
    });
    const { url } = await client.result(job.executionId);
    const response = await fetch(url ?? '');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(response.headers.get('content-disposition')).toMatch(/^attachment/);
    expect(await response.text()).toBe('hello\n');
  });

  test('a changed or expired link is refused', async () => {
    const job = await client.run(hello);
    const url = new URL((await client.result(job.executionId)).url ?? '');
    const changed = new URL(url);
    changed.searchParams.set('X-Amz-Signature', '0'.repeat(64));
    expect((await fetch(changed)).status).toBe(403);
    const other = new URL(url);
    other.pathname = url.pathname.replace('combined.txt', 'stdout');
    expect((await fetch(other)).status).toBe(403);
    await expect.poll(async () => (await fetch(url)).status, { timeout: 4000 * LINK_LIFE_SEC }).toBe(403);
  });
});

describe('languages', () => {
  test.each(LANGUAGES)('the sample of %s', async (language) => {
    const { sample } = await client.get<WireLanguage>(`/languages/${language}`);
    const job = await client.run({ language, code: sample.code, input: sample.input });
    expect(job).toMatchObject({ status: 'completed', verdict: 'ok', exitCode: 0, error: null });
    expect((await client.outputOf(job.executionId)).toString()).toBe(sample.output);
  });

  test('the versions are the toolchains’ own words', async () => {
    const { languages } = await client.get<{ languages: WireVersions[] }>('/languages');
    expect(languages.map(({ id }) => id).toSorted()).toEqual(LANGUAGES.toSorted());
    const python = languages.find(({ id }) => id === 'python');
    expect(python?.versions[0]?.toolchain).toMatch(/^Python 3\.13\.\d+$/);
  });
});

interface WireVersions {
  readonly id: string;
  readonly versions: readonly { readonly toolchain: string }[];
}

describe('the same answers as `npm start`', () => {
  const submissions: readonly (readonly [string, Submission])[] = [
    ['output and exit code', { language: 'python', code: 'print("x" * 600); exit(3)' }],
    ['a signal', { language: 'c', code: '#include <stdlib.h>\nint main(void) { abort(); }' }],
    ['a compile error', { language: 'c', code: 'int main(void) { return oops; }' }],
    ['a time limit', { language: 'python', code: 'while True: pass', limits: { cpuTimeMs: 300, wallTimeMs: 60_000 } }],
    ['an output limit', { language: 'bash', code: 'yes', limits: { outputBytes: 1000 } }],
    [
      'input, arguments, environment',
      { language: 'bash', code: 'cat; echo "$1 $A"', input: 'in\n', args: ['1'], env: { A: 'b' } },
    ],
  ];

  let server: TestServer;
  beforeAll(async () => {
    server = await TestServer.start({ env: { RUNYARD_LANGUAGES: 'python,bash,c' } });
  });
  afterAll(() => server?.[Symbol.asyncDispose]());

  test.each(submissions)('field by field: %s', async (_name, submission) => {
    const [here, there] = await Promise.all([client.run(submission), server.client.run(submission)]);
    expect(comparable(here)).toEqual(comparable(there));
  });
});

describe('what the containers may do', () => {
  test('the engine’s socket belongs to launcher and reaper alone', async () => {
    const containers = await project.containers();
    const holders = containers.filter(({ mounts }) => mounts.some((mount) => mount.endsWith('docker.sock')));
    expect(new Set(holders.map(({ service }) => service))).toEqual(new Set(['launcher', 'reaper']));
    expect(containers.filter(({ isPrivileged }) => isPrivileged)).toEqual([]);
  });

  test('ports are open on the loopback of the host alone', async () => {
    const addresses = (await project.containers()).flatMap(({ publishedOn }) => publishedOn);
    expect(new Set(addresses)).toEqual(new Set(['127.0.0.1']));
  });

  test.each(['api-gateway', 'sweeper', 'executor-python'])('%s does not run as root', async (service) => {
    const uid = await project.compose('exec', '--no-TTY', service, 'id', '--user');
    expect(uid.trim()).toMatch(/^[1-9]\d*$/);
  });
});

test('three executors of one language share the work; a killed one loses no job', async () => {
  const submissions = Array.from({ length: 30 }, (_, index) =>
    client.submit({ language: 'python', code: `import time; time.sleep(0.5); print(${index})` }),
  );
  const submitted = await Promise.all(submissions);
  const victim = (await project.containers()).find(({ service }) => service === 'executor-python');
  await project.docker.run(['kill', '--signal', 'KILL', victim?.id ?? '']);
  const jobs = await Promise.all(submitted.map((job) => client.untilFinal(job)));
  expect(jobs.map(({ stdoutPreview }) => stdoutPreview)).toEqual(jobs.map((_, index) => `${index}\n`));
  expect(jobs.filter(({ attempt }) => attempt > 2)).toEqual([]);
});
