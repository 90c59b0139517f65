/** Starting and stopping the server as an operator does. */
import { afterEach, describe, expect, test } from 'vitest';
import type { WireJob } from '../support/client.ts';
import { expectNoTraces, launcherPidOf, tracesOf } from '../support/host-traces.ts';
import { startAndEnd, TestServer } from '../support/server.ts';

const EX_CONFIG = 78;
/** Says that it runs, then takes its time. */
const SLOW = { language: 'bash', code: 'sleep 1; echo done' };
const ENDLESS = { language: 'bash', code: 'sleep 30; echo done' };

let owners: string[] = [];

afterEach(async () => {
  for (const owner of owners) await expectNoTraces(owner);
  owners = [];
});

async function start(env: Record<string, string> = {}): Promise<TestServer> {
  const server = await TestServer.start({ env });
  owners.push((await server.client.get<{ ownerId: string }>('/version')).ownerId);
  return server;
}

async function submitAndSeeRunning(server: TestServer, submission: typeof SLOW): Promise<WireJob> {
  let job = await server.client.submit(submission);
  while (job.status === 'queued') job = await server.client.status(job.executionId);
  expect(job.status).toBe('running');
  return job;
}

test('the last lines are the address and a request that works as it stands', async () => {
  await using server = await start();
  const lines = server.output.trimEnd().split('\n');
  expect(lines.at(-2)).toBe(server.url);
  const { execFile } = await import('node:child_process');
  const { promisify } = await import('node:util');
  const { stdout } = await promisify(execFile)('sh', ['-c', lines.at(-1) ?? '']);
  expect(JSON.parse(stdout)).toMatchObject({ verdict: 'ok', stdoutPreview: '1\n' });
});

test('is ready, and says which samples passed', async () => {
  await using server = await start();
  const ready = await server.client.get<{ status: string; checks: Record<string, { detail?: string }> }>(
    '/health/ready',
  );
  expect(ready.status).toBe('ready');
  expect(ready.checks['sandbox']?.detail).toContain('passed: ');
});

describe('a start is refused in plain words', () => {
  test('when another server has the data folder', async () => {
    await using server = await start();
    const second = await startAndEnd({ dataDir: server.dataDir });
    expect(second.code).toBe(EX_CONFIG);
    expect(second.output).toContain(`Another server uses the data folder ${server.dataDir}`);
    // The first one is none the worse for it.
    expect((await server.client.run({ language: 'bash', code: 'echo still' })).stdoutPreview).toBe('still\n');
  });

  test('when variables are wrong, all of them at once', async () => {
    const refused = await startAndEnd({ env: { RUNYARD_SLOTS: '0', EXEC_TIMEOUT_SEC: '61', RUNYARD_SANDBOX: 'none' } });
    expect(refused.code).toBe(EX_CONFIG);
    for (const name of ['RUNYARD_SLOTS', 'EXEC_TIMEOUT_SEC', 'RUNYARD_SANDBOX']) expect(refused.output).toContain(name);
  });

  test('when the sandbox is one that this version does not have', async () => {
    const refused = await startAndEnd({ env: { RUNYARD_SANDBOX: 'docker' } });
    expect(refused.code).toBe(EX_CONFIG);
    expect(refused.output).toContain('RUNYARD_SANDBOX=docker');
  });
});

describe('a stop', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)('by %s lets a running job finish and answers who waits', async (signal) => {
    await using server = await start();
    const { executionId } = await submitAndSeeRunning(server, SLOW);
    const answer = server.client.status(executionId, { waitSec: 20 });
    expect(await server.end(signal)).toEqual({ code: 0, signal: null });
    expect(await answer).toMatchObject({ status: 'completed', stdoutPreview: 'done\n', attempt: 1 });
  });

  test('ends a job that takes longer than the grace, and the next start runs it again', async () => {
    await using first = await start({ RUNYARD_DRAIN_SEC: '0' });
    const { executionId } = await submitAndSeeRunning(first, SLOW);
    expect(await first.end('SIGTERM')).toEqual({ code: 0, signal: null });
    await using second = await TestServer.start({ dataDir: first.dataDir });
    const job = await second.client.untilFinal(await second.client.status(executionId));
    expect(job).toMatchObject({ status: 'completed', stdoutPreview: 'done\n', attempt: 2 });
  });

  test('asked for twice ends at once, and leaves nothing', async () => {
    await using server = await start();
    await submitAndSeeRunning(server, ENDLESS);
    process.kill(server.pid, 'SIGINT');
    await expect.poll(() => server.output, { timeout: 5000 }).toContain('Stopping');
    // What follows within half a second counts as the same Ctrl-C.
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect((await server.end('SIGINT')).code).toBe(130);
  });
});

test('the death of the launcher is survived', async () => {
  await using server = await start();
  const { executionId } = await submitAndSeeRunning(server, SLOW);
  process.kill(launcherPidOf(owners[0] ?? ''), 'SIGKILL');
  const job = await server.client.untilFinal(await server.client.status(executionId));
  expect(job).toMatchObject({ status: 'completed', stdoutPreview: 'done\n', attempt: 2 });
  expect(tracesOf(owners[0] ?? '').length).toBeGreaterThan(0);
});
