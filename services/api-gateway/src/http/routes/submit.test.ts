import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { idOf, post } from '../../testing/api-client.ts';
import { JOB, startTestGateway, type TestGateway } from '../../testing/test-gateway.ts';

let api: TestGateway;
beforeAll(async () => {
  api = await startTestGateway();
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
});

describe('POST /submit', () => {
  it('answers the queued job in the form of system S1', async () => {
    const answer = await post(`${api.url}/submit`, { userId: 'u-1', language: 'py', code: 'print(1)', input: 'x\n' });
    expect(answer.status).toBe(202);
    expect(answer.headers.get('location')).toBe(`/status/${idOf(answer)}`);
    expect(answer.body).toEqual({
      executionId: expect.stringMatching(
        /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
      ) as string,
      userId: 'u-1',
      language: 'python',
      status: 'queued',
      createdAt: '2026-01-02T03:04:05.678Z',
      updatedAt: '2026-01-02T03:04:05.678Z',
      attempt: 0,
      limits: {
        wallTimeMs: 10_000,
        cpuTimeMs: 10_000,
        memoryBytes: 268_435_456,
        outputBytes: 4_194_304,
        processes: 64,
        fileBytes: 67_108_864,
        openFiles: 1024,
        stackBytes: 67_108_864,
        compile: expect.objectContaining({ wallTimeMs: 30_000, cpuTimeMs: 10_000, memoryBytes: 536_870_912 }) as object,
      },
      ...Object.fromEntries(
        (
          'verdict step exitCode signal error outputPath stdoutPreview stderrPreview outputBytes truncated cpuTimeMs wallTimeMs ' +
          'memoryBytes memorySource oomInChild startedAt completedAt execDurationMs compile timings metadata'
        )
          .split(' ')
          .map((name) => [name, null]),
      ),
    });
  });

  it('keeps what was sent, and sends one message', async () => {
    const sent = {
      language: 'C++',
      version: '14',
      code: 'int main(){}\u2028\0"𝒳',
      input: 'AP8=',
      inputEncoding: 'base64',
      args: ['-x', '', 'é\n'],
      env: { A: '1', constructors: '' },
      userId: 'ü',
      metadata: { a: [1, { b: null }] },
      limits: { cpuTimeMs: 1000, memoryBytes: 1_048_576 * 64, compile: { wallTimeMs: 5000 } },
    };
    const answer = await post(`${api.url}/submit`, sent);
    expect(answer.status).toBe(202);
    expect(answer.body).toMatchObject({
      language: 'cpp',
      userId: 'ü',
      metadata: { a: [1, { b: null }] },
      limits: { cpuTimeMs: 1000, wallTimeMs: 3000, memoryBytes: 67_108_864, compile: { wallTimeMs: 5000 } },
    });
    const source = await api.store.getSource(idOf(answer));
    const { code, input, inputEncoding, args, env } = sent;
    expect(source).toEqual({ code, input, inputEncoding, args, env });
    const request = { languages: ['cpp'], maxMessages: 10, waitMs: 0, visibilityMs: 1000 };
    const deliveries = await api.queue.receive(request);
    expect(deliveries.map(({ message }) => message)).toEqual([{ executionId: idOf(answer), language: 'cpp' }]);
  });

  it('takes raw source text, its other fields in the query', async () => {
    const query = new URLSearchParams([
      ...Object.entries({ language: 'python', input: '1 2\n€', userId: 'u' }),
      ['args', 'a b'],
      ['args', ''],
    ]);
    const answer = await post(`${api.url}/v1/submit?${query.toString()}`, '\ufeffprint("é")\r\n', {
      'Content-Type': 'text/plain; charset="UTF-8"',
    });
    expect(answer.status).toBe(202);
    expect(answer.body).toMatchObject({ userId: 'u', language: 'python', status: 'queued' });
    expect(answer.headers.get('location')).toBe(`/v1/status/${idOf(answer)}`);
    expect(await api.store.getSource(idOf(answer))).toEqual({
      code: '\ufeffprint("é")\r\n',
      input: '1 2\n€',
      inputEncoding: 'utf8',
      args: ['a b', ''],
      env: {},
    });
  });

  it('waits for the end of the job', async () => {
    const waiting = post(`${api.url}/submit?wait=25`, JOB);
    const [delivery] = await api.queue.receive({
      languages: ['python'],
      maxMessages: 1,
      waitMs: 5000,
      visibilityMs: 1,
    });
    // Earlier tests left messages: finish whatever is queued until ours is answered.
    await finishAll(delivery?.message.executionId);
    const answer = await waiting;
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ status: 'completed', verdict: 'ok', exitCode: 0, stdoutPreview: 'done\n' });
  });

  it('answers 202 with the job when the wait is over first', async () => {
    const answer = await post(`${api.url}/submit?wait=0.05`, JOB);
    expect([answer.status, answer.body['status']]).toEqual([202, 'queued']);
  });
});

async function finishAll(first: string | undefined) {
  for (let executionId = first; executionId !== undefined;) {
    await api.finish(executionId, { output: 'done\n' });
    const request = { languages: ['python'], maxMessages: 1, waitMs: 200, visibilityMs: 60_000 };
    const [next] = await api.queue.receive(request);
    executionId = next?.message.executionId;
  }
}

describe('Idempotency-Key', () => {
  it('gives the same job for the same content, also in other spelling, and 409 for another', async () => {
    const headers = { 'Idempotency-Key': 'order-17/a~' };
    const first = await post(`${api.url}/submit`, { ...JOB, args: [] }, headers);
    expect([first.status, first.headers.get('idempotent-replayed')]).toEqual([202, null]);
    const again = await post(`${api.url}/submit`, { code: 'print(1)', input: '', language: 'py' }, headers);
    expect([again.status, again.headers.get('idempotent-replayed')]).toEqual([202, 'true']);
    expect(again.body).toEqual(first.body);
    const other = await post(`${api.url}/submit`, { ...JOB, code: 'print(2)' }, headers);
    expect([other.status, other.body['code']]).toEqual([409, 'idempotency_mismatch']);
    expect(other.body['errors']).toEqual([
      { path: '/headers/idempotency-key', message: 'belongs to a different submission' },
    ]);
  });

  it('makes one job of a hundred at once', async () => {
    const before = await api.queue.depth(['python']);
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => post(`${api.url}/submit`, JOB, { 'Idempotency-Key': 'k100' })),
    );
    expect(new Set(answers.map(idOf)).size).toBe(1);
    expect(answers.filter((answer) => answer.headers.get('idempotent-replayed') === null)).toHaveLength(1);
    expect(await api.queue.depth(['python'])).toBe(before + 1);
  });

  it('waits for the replayed job, and may be used anew after 24 hours', async () => {
    const headers = { 'Idempotency-Key': 'daily' };
    const first = await post(`${api.url}/submit`, JOB, headers);
    await api.finish(idOf(first));
    const again = await post(`${api.url}/submit?wait=5`, JOB, headers);
    expect([again.status, idOf(again)]).toEqual([200, idOf(first)]);
    api.clock.moveMs(24 * 3600 * 1000 - 1);
    expect(idOf(await post(`${api.url}/submit`, JOB, headers))).toBe(idOf(first));
    api.clock.moveMs(1);
    const next = await post(`${api.url}/submit`, { ...JOB, code: 'print(3)' }, headers);
    expect(next.status).toBe(202);
    expect(idOf(next)).not.toBe(idOf(first));
  });

  it.each([[''], ['a b'], ['a'.repeat(256)], ['ä'], ['\t']])('refuses the key %j', async (key) => {
    const answer = await post(`${api.url}/submit`, JOB, { 'Idempotency-Key': key });
    expect([answer.status, answer.body['code']]).toEqual([400, 'invalid_request']);
    expect(answer.body['errors']).toMatchObject([{ path: '/headers/idempotency-key' }]);
  });
});
