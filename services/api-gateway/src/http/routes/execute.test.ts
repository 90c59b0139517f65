import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { post } from '../../testing/api-client.ts';
import { startTestGateway, type TestGateway } from '../../testing/test-gateway.ts';

let api: TestGateway;
beforeAll(async () => {
  api = await startTestGateway();
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
});

/** Posts, and ends the job that arrives in the queue as the executor would. */
async function execute(body: object, end: Parameters<TestGateway['finish']>[1]) {
  const answer = post(`${api.url}/execute`, body);
  const [delivery] = await api.queue.receive({
    languages: ['python', 'cpp'],
    maxMessages: 1,
    waitMs: 5000,
    visibilityMs: 60_000,
  });
  if (delivery === undefined) throw new Error('no job arrived');
  await api.finish(delivery.message.executionId, end);
  return answer;
}

describe('POST /execute', () => {
  it('answers what the program printed', async () => {
    const answer = await execute({ language: 'python', code: 'print(1)' }, { output: '1\n' });
    expect([answer.status, answer.body]).toEqual([200, { output: '1\n' }]);
  });

  it('answers a failed program in the same way', async () => {
    const outcome = { verdict: 'runtime_error', exitCode: 1 } as const;
    const answer = await execute({ language: 'python', code: 'x' }, { output: 'NameError: x\n', outcome });
    expect([answer.status, answer.body]).toEqual([200, { output: 'NameError: x\n' }]);
  });

  it("answers the compiler's text when it refused", async () => {
    const compile = {
      verdict: 'compile_error',
      exitCode: 1,
      signal: null,
      output: 'main.cpp:1: error',
      truncated: false,
      wallTimeMs: 1,
      cpuTimeMs: 1,
      memoryBytes: 1,
    } as const;
    const outcome = { verdict: 'compile_error', step: 'compile', compile } as const;
    const answer = await execute({ language: 'c++', code: 'x' }, { outcome });
    expect([answer.status, answer.body]).toEqual([200, { output: 'main.cpp:1: error' }]);
  });

  it('is 504 with a message on timeout', async () => {
    const answer = await execute({ language: 'python', code: 'while 1: pass' }, { outcome: { verdict: 'time_limit' } });
    expect(answer.status).toBe(504);
    expect(answer.body).toMatchObject({ message: 'The program did not end in time.' });
  });

  it('is 400 with a message for an unknown language', async () => {
    const answer = await post(`${api.url}/execute`, { language: 'pyton', code: 'x' });
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({
      code: 'unknown_language',
      nearest: 'python',
      message: expect.any(String) as string,
    });
  });
});
