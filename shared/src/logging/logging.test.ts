import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DependencyUnavailableError } from '../errors/index.ts';
import { createLogger, cutText, serializeError, silentLogger } from './index.ts';

function capture() {
  const lines: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) };
  return { lines, logger: createLogger({ service: 'test', version: '1.2.3', fields: { cell: 0 }, destination }) };
}

test('each line has the fixed fields, its child’s fields, a level by name and an ISO time', () => {
  const { lines, logger } = capture();
  logger.child({ executionId: 'e1', attempt: 2 }).info({ runMs: 5 }, 'job done');
  expect(lines).toEqual([
    {
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      service: 'test',
      version: '1.2.3',
      cell: 0,
      executionId: 'e1',
      attempt: 2,
      runMs: 5,
      msg: 'job done',
    },
  ]);
});

test('what users sent or programs printed is never written, at the top or one level down', () => {
  const { lines, logger } = capture();
  const forbidden = { code: 'PRIVATE', input: 'PRIVATE', stdout: 'PRIVATE', env: { A: 'PRIVATE' }, token: 'PRIVATE' };
  logger.info({ ...forbidden, job: { ...forbidden, language: 'c' } }, 'x');
  expect(JSON.stringify(lines)).not.toContain('PRIVATE');
  expect(lines[0]).toMatchObject({ job: { language: 'c' } });
});

test('errors keep type, code and cause, with their text cut and their other fields left out', () => {
  const { lines, logger } = capture();
  const cause = Object.assign(new Error('x'.repeat(5000)), { code: 'SQLITE_FULL', request: { code: 'PRIVATE' } });
  logger.error({ err: new DependencyUnavailableError('The database does not answer.', { cause }) }, 'failed');
  expect(lines[0]).toMatchObject({
    err: {
      type: 'DependencyUnavailableError',
      errorCode: 'dependency_unavailable',
      message: 'The database does not answer.',
      cause: { type: 'Error', errorCode: 'SQLITE_FULL', message: `${'x'.repeat(512)}…` },
    },
  });
  const text = JSON.stringify(lines);
  expect(text).not.toContain('PRIVATE');
  expect(Buffer.byteLength(text)).toBeLessThan(3000);
});

test('anything can be logged as an error, and endless causes end', () => {
  const loop = new Error('loop');
  loop.cause = loop;
  expect(JSON.stringify(serializeError(loop)).match(/"loop"/g)).toHaveLength(5);
  expect(serializeError('text')).toEqual({ type: 'string', message: 'text' });
  expect(serializeError({ code: 'PRIVATE' })).toEqual({ type: 'object', message: 'a thrown object' });
  expect(serializeError(undefined)).toEqual({ type: 'undefined', message: 'undefined' });
});

test('text is cut at bytes, never within a character', () => {
  expect(cutText('abc', 3)).toBe('abc');
  expect(cutText('abcd', 3)).toBe('abc…');
  expect(cutText('ääää', 3)).toBe('ä…');
  expect(cutText('\u{1F600}\u{1F600}', 7)).toBe('\u{1F600}…');
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 5 }), fc.integer({ min: 0, max: 30 }), (text, maxBytes) => {
      const cut = cutText(text, maxBytes);
      if (cut === text) return Buffer.byteLength(text) <= maxBytes;
      const kept = cut.slice(0, -1);
      const keptBytes = Buffer.byteLength(kept);
      return text.startsWith(kept) && keptBytes <= maxBytes && keptBytes > maxBytes - 4;
    }),
  );
});

test('a silent logger writes nothing and fails at nothing', () => {
  expect(() => silentLogger().error({ err: new Error('x') }, 'y')).not.toThrow();
});
