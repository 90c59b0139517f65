/** The docker launcher over HTTP, on an engine of the tests' own that is also frozen, killed and started again. */
import { deepStrictEqual } from 'node:assert';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { containersOf, startEngine, type TestEngine } from '../support/engine.ts';
import { expectNextJobFine, testLanguage } from '../support/language-suite.ts';
import { startAndEnd, TestServer } from '../support/server.ts';

/** Shows red within five seconds; a ping that is under way then has its own deadline. */
const RED = { timeout: 5_000, interval: 50 };
const GREEN = { timeout: 30_000, interval: 50 };
const SLEEPER = 'import time\nprint("a", flush=True)\ntime.sleep(2)\nprint("b")';

let engine: TestEngine;
let server: TestServer;

function environment(): Record<string, string> {
  const DOCKER_HOST = `unix://${engine.socketPath}`;
  return { DOCKER_HOST, RUNYARD_SANDBOX: 'auto', RUNYARD_LANGUAGES: 'python,c,java' };
}

beforeAll(async () => {
  engine = await startEngine();
  server = await TestServer.start({ env: environment() });
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  deepStrictEqual(await containersOf(engine), [], 'no container is left');
  await engine[Symbol.asyncDispose]();
});

async function readiness(): Promise<number> {
  const response = await fetch(`${server.url}/health/ready`);
  await response.arrayBuffer();
  return response.status;
}

test('with an engine that answers, auto means docker, and says so', async () => {
  expect(server.output).toContain('sandbox docker');
  expect(await server.client.get('/version')).toMatchObject({
    launcher: 'docker',
    engine: expect.stringMatching(/^docker \d+/) as string,
    cgroup: expect.stringMatching(/^v[12]$/) as string,
  });
});

test('an unknown runtime refuses the start and names the known ones', async () => {
  const env = { ...environment(), SANDBOX_RUNTIME: 'no-such-runtime' };
  const { code, output } = await startAndEnd({ dataDir: `${server.dataDir}-other`, env });
  expect(code).toBe(78);
  expect(output).toMatch(/no-such-runtime.*runc/);
});

test("the operator's own image replaces ours, and is asked for its toolchains", async () => {
  const { runtimeRoot } = await server.client.get<{ runtimeRoot: string }>('/version');
  const image = `runyard/runtime:${runtimeRoot}`;
  const env = { ...environment(), SANDBOX_IMAGE: image, RUNYARD_LANGUAGES: 'python' };
  await using own = await TestServer.start({ env });
  expect(await own.client.get('/version')).toMatchObject({ launcher: 'docker', runtimeRoot: image });
  const { languages } = await own.client.get<{ languages: { versions: { toolchain: string }[] }[] }>('/languages');
  expect(languages.flatMap(({ versions }) => versions.map(({ toolchain }) => toolchain))).toEqual([
    expect.stringMatching(/^Python 3\.\d+\.\d+$/),
  ]);
  await expectNextJobFine(own, 'python', 'print("fine")');
});

describe.each(['python', 'c', 'java'])('%s', (language) => {
  afterEach(() => expectNextJobFine(server, 'python', 'print("fine")'));
  testLanguage(language, () => server);
});

describe('an engine in trouble', () => {
  test('frozen: health is red, jobs are kept, and both come back', async () => {
    const running = await server.client.submit({ language: 'python', code: SLEEPER });
    await expect.poll(() => server.client.status(running.executionId)).toMatchObject({ status: 'running' });
    process.kill(engine.pid, 'SIGSTOP');
    let queued;
    try {
      await expect.poll(readiness, RED).toBe(503);
      queued = await server.client.submit({ language: 'python', code: 'print("kept")' });
    } finally {
      process.kill(engine.pid, 'SIGCONT');
    }
    await expect.poll(readiness, GREEN).toBe(200);
    expect(await server.client.untilFinal(running)).toMatchObject({ verdict: 'ok', stdoutPreview: 'a\nb\n' });
    expect(await server.client.untilFinal(queued)).toMatchObject({ verdict: 'ok', stdoutPreview: 'kept\n' });
  });

  test('killed and started again: the job is run again, health comes back', async () => {
    const job = await server.client.submit({ language: 'python', code: SLEEPER });
    await expect.poll(() => server.client.status(job.executionId)).toMatchObject({ status: 'running' });
    await engine.kill();
    await expect.poll(readiness, RED).toBe(503);
    await engine.start();
    await expect.poll(readiness, GREEN).toBe(200);
    expect(await server.client.untilFinal(job)).toMatchObject({ verdict: 'ok', stdoutPreview: 'a\nb\n' });
    await expectNextJobFine(server, 'python', 'print("fine")');
  });
});
