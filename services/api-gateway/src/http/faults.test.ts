/** Faults of ours: what the client sees, and what the log says. */
import { DependencyUnavailableError } from '@runyard/shared/errors';
import type { JobQueue, JobStore } from '@runyard/shared/ports';
import { describe, expect, it } from 'vitest';
import { call, idOf, post } from '../testing/api-client.ts';
import { JOB, startTestGateway } from '../testing/test-gateway.ts';

const SECRET_CAUSE = new Error('SQLITE_IOERR /var/lib/secret/path');

/** The same part with some of its methods replaced. */
function changed<T extends object>(part: T, methods: Partial<T>): T {
  return new Proxy(part, {
    get: (target, name) => {
      const own: unknown = Reflect.get(methods, name) ?? Reflect.get(target, name);
      return typeof own === 'function' ? (own.bind(target) as unknown) : own;
    },
  });
}

const down = () =>
  Promise.reject(new DependencyUnavailableError('The database does not answer.', { cause: SECRET_CAUSE }));
const broken = () => Promise.reject(SECRET_CAUSE);

describe('faults of ours', () => {
  it('says 503 without internals when the store is down, and logs the cause once with the request id', async () => {
    await using api = await startTestGateway({
      overrides: ({ store }) => ({ store: changed<JobStore>(store, { create: down, get: down }) }),
    });
    for (const answer of [await post(`${api.url}/submit`, JOB), await call(`${api.url}/status/${SOME_ID}`)]) {
      expect(answer.status).toBe(503);
      expect(answer.headers.get('retry-after')).toBe('5');
      expect(answer.body).toMatchObject({ code: 'dependency_unavailable', detail: 'The database does not answer.' });
      expect(answer.text).not.toMatch(/SQLITE|secret|stack|\.ts/);
      const lines = api.logLines.filter((line) => line['requestId'] === answer.headers.get('x-request-id'));
      expect(lines).toMatchObject([{ level: 50, status: 503, errorCode: 'dependency_unavailable', event: 'request' }]);
      expect(JSON.stringify(lines)).toContain('does not answer');
    }
    expect(await api.queue.depth(['python'])).toBe(0);
  });

  it('says 500 and nothing more for what nobody expected', async () => {
    await using api = await startTestGateway({
      overrides: ({ store }) => ({ store: changed<JobStore>(store, { get: broken }) }),
    });
    const answer = await call(`${api.url}/status/${SOME_ID}`);
    expect(answer.status).toBe(500);
    expect(answer.body).toMatchObject({ code: 'internal', detail: 'Internal error.', errors: [] });
    expect(answer.text).not.toContain('SQLITE');
    expect((await call(`${api.url}/health/live`)).status).toBe(200);
  });

  it('accepts a job whose message cannot be sent: the record is what counts', async () => {
    await using api = await startTestGateway({
      overrides: ({ queue }) => ({ queue: changed<JobQueue>(queue, { send: down }) }),
    });
    const answer = await post(`${api.url}/submit`, JOB);
    expect(answer.status).toBe(202);
    expect((await call(`${api.url}/status/${idOf(answer)}`)).body['status']).toBe('queued');
    expect(api.logLines[0]).toMatchObject({ level: 40, executionId: idOf(answer) });
  });

  it('refuses with 503 when the queue is full, but answers replays', async () => {
    await using api = await startTestGateway({ env: { RUNYARD_QUEUE_LIMIT: '2' } });
    const key = { 'Idempotency-Key': 'k' };
    const first = await post(`${api.url}/submit`, JOB, key);
    expect((await post(`${api.url}/submit`, JOB)).status).toBe(202);
    for (const headers of [{}, { 'Idempotency-Key': 'new' }]) {
      const full = await post(`${api.url}/submit`, JOB, headers);
      expect([full.status, full.body['code'], full.headers.get('retry-after')]).toEqual([503, 'queue_full', '2']);
    }
    const replay = await post(`${api.url}/submit`, JOB, key);
    expect([replay.status, idOf(replay)]).toEqual([202, idOf(first)]);
    expect((await post(`${api.url}/submit`, { ...JOB, code: 'y' }, key)).status).toBe(409);
    const request = { languages: ['python'], maxMessages: 1, waitMs: 0, visibilityMs: 1000 };
    const [delivery] = await api.queue.receive(request);
    await api.queue.delete(delivery?.receipt ?? '');
    expect((await post(`${api.url}/submit`, JOB)).status).toBe(202);
  });

  it('is not ready while a part is down or the sandbox has not run', async () => {
    await using storeDown = await startTestGateway({
      overrides: ({ store }) => ({ store: changed<JobStore>(store, { ping: down }) }),
    });
    const first = await call(`${storeDown.url}/health/ready`);
    expect([first.status, first.body['status']]).toEqual([503, 'not_ready']);
    expect(first.body['checks']).toMatchObject({
      store: { isReady: false, detail: 'The database does not answer.' },
      queue: { isReady: true },
    });
    await using sandboxDown = await startTestGateway({
      overrides: () => ({ sandboxProbe: () => Promise.resolve({ isReady: false, detail: 'no run yet' }) }),
    });
    await using queueBroken = await startTestGateway({
      overrides: ({ queue }) => ({
        queue: changed<JobQueue>(queue, { ping: broken }),
      }),
    });
    expect((await call(`${queueBroken.url}/health/ready`)).body['checks']).toMatchObject({
      queue: { isReady: false, detail: 'unreachable' },
    });
    const second = await call(`${sandboxDown.url}/health/ready`);
    expect([second.status, second.body['checks']]).toMatchObject([503, { sandbox: { detail: 'no run yet' } }]);
  });
});

const SOME_ID = '0190a3c0-0000-7000-8000-000000000000';
