import fc from 'fast-check';
import { posix } from 'node:path';
import { expect, test } from 'vitest';
import { newExecutionId } from './execution-id.ts';
import {
  bucketName,
  deadLetterQueueName,
  embeddedPath,
  isObjectKey,
  keyOfEmbeddedPath,
  outputKey,
  outputsPrefix,
  queueName,
  queuePrefix,
  sourceItemKey,
  sourceKey,
  tableName,
} from './names.ts';

test('names follow the decisions', () => {
  const dev = { env: 'dev', cell: 0 };
  expect(tableName(dev)).toBe('runyard-dev-0-jobs');
  expect(bucketName(dev)).toBe('runyard-dev-0-artifacts');
  expect(queueName(queuePrefix(dev), 'python')).toBe('runyard-dev-0-python');
  expect(deadLetterQueueName(queuePrefix(dev), 'python')).toBe('runyard-dev-0-python-dlq');
  expect(sourceItemKey('i')).toBe('src#i');
  expect(sourceKey('i')).toBe('sources/i');
  expect(outputKey('i', 2, 'combined')).toBe('outputs/i/2/combined.txt');
  expect(outputKey('i', 2, 'stdout')).toBe('outputs/i/2/stdout');
  expect(outputKey('i', 2, 'stderr')).toBe('outputs/i/2/stderr');
});

test('the keys of all attempts start with the prefix of their job and of no other', () => {
  const [one, two] = [newExecutionId(0), newExecutionId(0)];
  for (const attempt of [1, 2, 3]) {
    const key = outputKey(one, attempt, 'stdout');
    expect(isObjectKey(key)).toBe(true);
    expect(key.startsWith(outputsPrefix(one))).toBe(true);
    expect(key.startsWith(outputsPrefix(two))).toBe(false);
  }
});

test('no key leaves the folder that it is joined to', () => {
  const part = fc.oneof(fc.constantFrom('', '.', '..', '...', 'a', '/', '\\', '\0', '%2e%2e'), fc.string());
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 6 }), (parts) => {
      const key = parts.join('/');
      if (!isObjectKey(key)) return;
      expect(posix.join('/data', key)).toBe(`/data/${key}`);
      expect(key).toMatch(/^[A-Za-z0-9._/-]+$/);
    }),
    { numRuns: 1000 },
  );
});

test('a path gives its key back, and only a path of ours does', () => {
  const key = outputKey(newExecutionId(0), 1, 'combined');
  expect(keyOfEmbeddedPath(embeddedPath(key))).toBe(key);
  for (const path of [key, `s3://b/${key}`, `artifact://${key}`, 'artifact:///../x', 'artifact:///', '']) {
    expect([path, keyOfEmbeddedPath(path)]).toEqual([path, null]);
  }
});
