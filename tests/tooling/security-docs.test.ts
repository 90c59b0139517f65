import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { SECTIONS } from '../abuse/cases/index.ts';

/* What docs/security names must exist: a promise whose test is gone is none. */

const ROOT = path.join(import.meta.dirname, '../..');
const FOLDER = path.join(ROOT, 'docs/security');
const TEST_FOLDERS = [
  'sandbox/tests',
  'tests/e2e',
  'tests/faults',
  'tests/abuse',
  'tests/compose',
  'tests/tooling',
  '',
];
const CASES = new Set(SECTIONS.flatMap(({ cases }) => cases.map(({ id }) => id)));

const pages = readdirSync(FOLDER).filter((name) => name.endsWith('.md'));

/** Ids alone and as ranges such as E1–E14, outside of code. */
function idsIn(text: string): readonly string[] {
  const prose = text.replaceAll(/`[^`]*`/g, '');
  const ranges = [...prose.matchAll(/\b([RELOPTICA])(\d+)–\1(\d+)\b/g)].flatMap(([, letter = '', from, to]) =>
    Array.from({ length: Number(to) - Number(from) + 1 }, (_, index) => `${letter}${Number(from) + index}`),
  );
  const single = [...prose.matchAll(/\b[RELOPTICA]\d{1,2}\b/g)].map(([id]) => id);
  return [...new Set([...ranges, ...single])];
}

/** Names in code that end like a file of tests, or that are paths of the repository. */
function filesIn(text: string): readonly string[] {
  const code = [...text.matchAll(/`([^`\n]+)`/g)].map(([, words = '']) => words);
  const tests = code.filter((word) => /^[\w./-]+\.(sandbox|faults|e2e|abuse|compose|test)\.ts$/.test(word));
  const paths = code.filter((word) => /^(sandbox|services|shared|tests|docs|infra)\/[\w./-]+$/.test(word));
  return [...new Set([...tests, ...paths])];
}

function isThere(file: string): boolean {
  return TEST_FOLDERS.some((folder) => existsSync(path.join(ROOT, folder, file)));
}

describe.each(pages)('%s', (page) => {
  const text = readFileSync(path.join(FOLDER, page), 'utf8');

  test('names only cases that there are', () => {
    expect(idsIn(text).filter((id) => !CASES.has(id))).toEqual([]);
  });

  test('names only files that there are', () => {
    expect(filesIn(text).filter((file) => !isThere(file))).toEqual([]);
  });
});

test('the page of threats was read at all', () => {
  const text = readFileSync(path.join(FOLDER, 'threat-model.md'), 'utf8');
  expect(idsIn(text).length).toBeGreaterThan(40);
  expect(filesIn(text)).toContain('docker-layers.sandbox.ts');
});

test('a case or a file that is not there would be found', () => {
  expect(idsIn('R99, E1–E3 and `R98`').filter((id) => !CASES.has(id))).toEqual(['R99']);
  expect(filesIn('`nothing.sandbox.ts` and `uid=0`')).toEqual(['nothing.sandbox.ts']);
});
