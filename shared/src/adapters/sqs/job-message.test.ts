import { expect, test } from 'vitest';
import { formatBody, groupId, parseBody } from './job-message.ts';

test('a body holds the id and the language and nothing else', () => {
  const message = { executionId: 'id', language: 'python', code: 'secret' };
  expect(formatBody(message)).toBe('{"executionId":"id","language":"python"}');
  expect(parseBody(formatBody(message))).toEqual({ executionId: 'id', language: 'python' });
});

test.each([undefined, '', 'x', '{}', '[]', 'null', '{"executionId":"a"}', '{"executionId":"","language":"c"}'])(
  '%j is no message of ours',
  (body) => {
    expect(parseBody(body)).toBeNull();
  },
);

test('more than is asked for is no message of ours either', () => {
  expect(parseBody('{"executionId":"a","language":"c","more":1}')).toBeNull();
});

test('a group that SQS would refuse is left out', () => {
  expect(groupId('owner-1_a.b@c')).toBe('owner-1_a.b@c');
  expect(groupId('x'.repeat(128))).toHaveLength(128);
  for (const bad of [undefined, '', ' ', 'a b', 'ü', 'x'.repeat(129)]) expect(groupId(bad)).toBeUndefined();
});
