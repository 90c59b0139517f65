import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call, idOf, post } from '../../testing/api-client.ts';
import { JOB, startTestGateway, type TestGateway } from '../../testing/test-gateway.ts';

let api: TestGateway;
beforeAll(async () => {
  api = await startTestGateway();
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
});

describe('GET /status', () => {
  it('shows a finished job, by path and by query, and never the code', async () => {
    const executionId = idOf(await post(`${api.url}/submit`, { ...JOB, code: 'SECRETCODE', input: 'SECRETINPUT' }));
    await api.finish(executionId, {
      output: 'hello\n',
      outcome: { verdict: 'runtime_error', exitCode: 3, error: 'boom', execDurationMs: 12, memoryBytes: 5 },
    });
    const byPath = await call(`${api.url}/status/${executionId}`);
    expect(byPath.status).toBe(200);
    expect(byPath.body).toMatchObject({
      executionId,
      status: 'failed',
      verdict: 'runtime_error',
      step: 'run',
      exitCode: 3,
      error: 'boom',
      stdoutPreview: 'hello\n',
      outputPath: `artifact:///outputs/${executionId}/1/combined.txt`,
      outputBytes: 6,
      attempt: 1,
      execDurationMs: 12,
      memoryBytes: 5,
      truncated: false,
      startedAt: byPath.body['createdAt'],
      completedAt: byPath.body['createdAt'],
    });
    expect(byPath.text).not.toMatch(/SECRET|worker|ownerId|requestHash|lease/);
    for (const path of [`/status?id=${executionId}`, `/v1/status/${executionId}`, `/v1/status?id=${executionId}`]) {
      expect((await call(api.url + path)).body).toEqual(byPath.body);
    }
  });

  it('answers 304 to who knows the state, and waits for the next state', async () => {
    const executionId = idOf(await post(`${api.url}/submit`, JOB));
    const url = `${api.url}/status/${executionId}`;
    const first = await call(url);
    const etag = first.headers.get('etag') ?? '';
    expect(etag).toMatch(/^"[!-~]+"$/);
    const known = { headers: { 'If-None-Match': `"other", W/${etag}` } };
    const same = await call(url, known);
    expect([same.status, same.text, same.headers.get('etag')]).toEqual([304, '', etag]);
    const waiting = call(`${url}?wait=25`, known);
    await subscribed();
    await api.claim(executionId);
    const changed = await waiting;
    expect([changed.status, changed.body['status']]).toEqual([200, 'running']);
    expect(changed.headers.get('etag')).not.toBe(etag);
  });

  it('waits until the job is final', async () => {
    const executionId = idOf(await post(`${api.url}/submit`, JOB));
    const waiting = call(`${api.url}/status?id=${executionId}&wait=25`);
    await subscribed();
    await api.finish(executionId);
    expect((await waiting).body['status']).toBe('completed');
    expect(api.events.size).toBe(0);
  });

  it('stops waiting when the client goes away', async () => {
    const executionId = idOf(await post(`${api.url}/submit`, JOB));
    const client = new AbortController();
    const waiting = call(`${api.url}/status/${executionId}?wait=25`, { signal: client.signal });
    await subscribed();
    client.abort();
    await expect(waiting).rejects.toThrow('aborted');
    await expect.poll(() => api.events.size).toBe(0);
    await expect.poll(() => api.logLines.at(-1)).toMatchObject({ status: 499, isGone: true, route: '/status/{id}' });
  });
});

async function subscribed() {
  await expect.poll(() => api.events.size, { interval: 1 }).toBe(1);
}
