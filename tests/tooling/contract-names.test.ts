import { expect, test } from 'vitest';
import { contractTables, formatTables, missingTests } from '../support/contract-names.ts';

const LISTED = [
  { name: 'JobQueue contract: SQLite > ping answers' },
  { name: 'JobQueue contract: SQLite > dead letters > have visibility' },
  { name: 'JobQueue contract: SQS > ping answers' },
  { name: 'ArtifactStore contract: S3 > ping answers' },
  { name: 'a test of its own' },
];

test('tests of one contract stand side by side, and what an adapter lacks is said', () => {
  const tables = contractTables(LISTED);
  expect(tables).toEqual([
    {
      contract: 'JobQueue',
      adapters: ['SQLite', 'SQS'],
      tests: [
        { name: 'ping answers', has: [true, true] },
        { name: 'dead letters > have visibility', has: [true, false] },
      ],
    },
    { contract: 'ArtifactStore', adapters: ['S3'], tests: [{ name: 'ping answers', has: [true] }] },
  ]);
  expect(missingTests(tables)).toEqual(['JobQueue: SQS lacks "dead letters > have visibility"']);
  expect(formatTables(tables.slice(0, 1))).toBe(
    [
      '| JobQueue (2) | SQLite | SQS |',
      '| --- | --- | --- |',
      '| ping answers | yes | yes |',
      '| dead letters > have visibility | yes | MISSING |',
    ].join('\n'),
  );
});
