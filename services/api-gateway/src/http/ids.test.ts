import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { call, idOf, post } from '../testing/api-client.ts';
import { exchangeRaw } from '../testing/raw-http.ts';
import { JOB, startTestGateway, type TestGateway } from '../testing/test-gateway.ts';

const ID = '0190a3c0-0000-7000-8000-000000000000';

let api: TestGateway;
beforeAll(async () => {
  api = await startTestGateway();
});
afterEach(async () => {
  await api.assertUnharmed();
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
});

describe('ids', () => {
  it('answers every id that is not a job of the caller alike', async () => {
    const executionId = idOf(await post(`${api.url}/submit`, JOB));
    const deleted = idOf(await post(`${api.url}/submit`, JOB));
    await api.store.delete(deleted);
    const foreign = '0190a3c0-0000-7000-8000-00000000aa00';
    const job = await api.store.get(executionId);
    if (job?.status !== 'queued') throw new Error('no job');
    const source = { code: 'x', input: '', inputEncoding: 'utf8', args: [], env: {} } as const;
    await api.store.create({ ...job, executionId: foreign, ownerId: 'somebody' }, source);
    const ids = [
      ID,
      deleted,
      foreign,
      executionId.toUpperCase(),
      `${executionId}0`,
      executionId.slice(1),
      'x',
      '..%2f..%2fetc',
      '%2e%2e/',
      '../x',
      'a/b',
      '%00',
      '%0d%0aX: y',
      '%ff',
      '%zz',
      `${executionId}/`,
      `${executionId}%00`,
      ' ',
      "'; DROP TABLE jobs;--",
      '{}',
      'é',
      '__proto__',
      'x'.repeat(5000),
    ];
    for (const route of ['/status', '/result', '/v1/status']) {
      for (const id of ids) {
        const answer = await rawGet(`${route}/${encodeURI(id).replaceAll('%25', '%')}`);
        expect([id, answer.status, withoutRequestId(answer.text)]).toEqual([id, 404, NO_SUCH_JOB]);
      }
      for (const id of ['', ID, foreign, 'x', executionId.toUpperCase(), '%00', '..%2f']) {
        const answer = await rawGet(`${route}?id=${id}`);
        expect([id, answer.status, withoutRequestId(answer.text)]).toEqual([id, 404, NO_SUCH_JOB]);
      }
      const missing = await call(api.url + route);
      expect([missing.status, missing.body['errors']]).toEqual([400, [{ path: '/query/id', message: 'is required' }]]);
    }
  });
});

const NO_SUCH_JOB = {
  type: '/problems/not_found',
  title: 'Not found',
  status: 404,
  code: 'not_found',
  detail: 'No such job.',
  errors: [],
};

function withoutRequestId(text: string) {
  const { requestId, ...problem } = JSON.parse(text) as Record<string, unknown>;
  expect(requestId).toMatch(/^[0-9a-f-]{36}$/);
  return problem;
}

/** As it stands: fetch would tidy the path up. */
function rawGet(path: string) {
  return exchangeRaw(api.url, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
}
