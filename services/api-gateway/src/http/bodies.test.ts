import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { idOf, post } from '../testing/api-client.ts';
import { JOB, startTestGateway, type TestGateway } from '../testing/test-gateway.ts';
import { REFUSED_BODIES } from '../testing/refused-bodies.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

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

describe('bodies', () => {
  it.each(REFUSED_BODIES)('refuses %s', async (_name, body, status, code, pointers) => {
    const answer = await post(`${api.url}/submit`, body);
    expect([answer.status, answer.body['code']]).toEqual([status, code]);
    const errors = answer.body['errors'] as { path: string; message: string }[];
    expect(errors.map(({ path }) => path).sort()).toEqual([...pointers].sort());
    expect(errors.every(({ message }) => message.length > 5)).toBe(true);
    expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    expect(answer.body).toMatchObject({
      type: `/problems/${code}`,
      status,
      requestId: answer.headers.get('x-request-id'),
    });
    expect(answer.text.length).toBeLessThan(20_000);
  });

  it.each([
    ['a source of 256 KiB', { ...JOB, code: 'x'.repeat(256 * KIB) }],
    ['an input of 1 MiB', { ...JOB, input: '\0'.repeat(MIB) }],
    ['base64 of 1 MiB', { ...JOB, input: Buffer.alloc(MIB).toString('base64'), inputEncoding: 'base64' }],
    ['32 levels', { ...JOB, metadata: JSON.parse(`${'{"a":'.repeat(31)}1${'}'.repeat(31)}`) as unknown }],
    [
      '256 arguments and 128 variables',
      {
        ...JOB,
        args: Array.from({ length: 256 }, () => 'x'),
        env: Object.fromEntries(Array.from({ length: 128 }, (_, n) => [`V_${n}`, '='])),
      },
    ],
    [
      'every maximum',
      {
        ...JOB,
        limits: {
          wallTimeMs: 60_000,
          cpuTimeMs: 60_000,
          memoryBytes: 1024 * MIB,
          outputBytes: 16 * MIB,
          processes: 256,
        },
      },
    ],
    [
      'odd letters',
      {
        ...JOB,
        code: '\u2028\u2029\0é\u0065\u0301𝒳\r\n',
        userId: 'é e\u0301 𝒳\u2028',
        args: ['\u2028\r\n\u202e'],
        env: { _: '\n' },
      },
    ],
  ])('accepts %s, unchanged', async (_name, body) => {
    const answer = await post(`${api.url}/submit`, body);
    expect(answer.status).toBe(202);
    const sent: Record<string, unknown> = { input: '', inputEncoding: 'utf8', args: [], env: {}, ...body };
    const stored = await api.store.getSource(idOf(answer));
    const { code, input, inputEncoding, args, env } = sent;
    expect(stored).toEqual({ code, input, inputEncoding, args, env });
    expect(answer.body).toMatchObject({ userId: sent['userId'] ?? null, metadata: sent['metadata'] ?? null });
  });

  it('names the languages and the nearest one', async () => {
    const answer = await post(`${api.url}/submit`, { language: 'pyhton', code: 'x' });
    expect(answer.body).toMatchObject({ languages: ['cpp', 'python'], nearest: 'python' });
    expect(answer.body['detail']).toBe(
      '"pyhton" is not a language of this server. Did you mean python? Languages: cpp, python.',
    );
    expect((await post(`${api.url}/submit`, { language: 'zzzz', code: 'x' })).body).toMatchObject({ nearest: null });
  });

  it('says where the JSON breaks, without quoting it', async () => {
    const answer = await post(`${api.url}/submit`, '{"language": "python",\n "code": SECRETCODE}');
    expect(answer.body['detail']).toMatch(/^The body is not valid JSON/);
    expect(answer.text).not.toContain('SECRET');
  });
});
