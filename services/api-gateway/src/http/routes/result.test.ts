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

describe('GET /result', () => {
  it('links to the output, which downloads without any other right', async () => {
    const executionId = idOf(await post(`${api.url}/submit`, JOB));
    await api.finish(executionId, { output: 'hello <b>\n', outcome: { truncated: true } });
    const answer = await call(`${api.url}/result?id=${executionId}`);
    expect(answer.status).toBe(200);
    const url = String(answer.body['url']);
    expect(answer.body).toEqual({
      executionId,
      status: 'completed',
      verdict: 'ok',
      url,
      stdoutPreview: 'hello <b>\n',
      outputBytes: 10,
      truncated: true,
      expiresAt: new Date(Math.ceil((api.clock.nowMs() + 3_600_000) / 1000) * 1000).toISOString(),
    });
    const download = await call(url);
    expect([download.status, download.text]).toEqual([200, 'hello <b>\n']);
    expect(Object.fromEntries(download.headers)).toMatchObject({
      'content-type': 'text/plain; charset=utf-8',
      'content-length': '10',
      'x-content-type-options': 'nosniff',
      'content-disposition': `attachment; filename="${executionId}.txt"`,
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
    });
    expect((await call(`${api.url}/result/${executionId}`)).body).toEqual(answer.body);
    const redirect = await call(`${api.url}/result/${executionId}?redirect=1&stream=stdout`);
    expect(redirect.status).toBe(302);
    expect(redirect.headers.get('location')).toContain(`/artifacts/outputs/${executionId}/1/`);
  });

  it('says that a job is not final, and links to nothing where nothing was printed', async () => {
    const executionId = idOf(await post(`${api.url}/submit`, JOB));
    const early = await call(`${api.url}/result/${executionId}`);
    expect(early.status).toBe(409);
    expect(early.body).toMatchObject({ code: 'not_final', executionId, jobStatus: 'queued', status: 409 });
    await api.claim(executionId);
    expect((await call(`${api.url}/result/${executionId}`)).body).toMatchObject({ jobStatus: 'running' });
    const silent = idOf(await post(`${api.url}/submit`, JOB));
    await api.finish(silent);
    const answer = await call(`${api.url}/result/${silent}`);
    expect([answer.status, answer.body['url'], answer.body['expiresAt']]).toEqual([200, null, null]);
    expect((await call(`${api.url}/result/${silent}?redirect=1`)).status).toBe(204);
    expect((await call(`${api.url}/result/${silent}?stream=both`)).body['errors']).toEqual([
      { path: '/query/stream', message: 'must be one of combined, stdout, stderr' },
    ]);
  });
});
