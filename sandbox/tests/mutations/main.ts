import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DOCKER_MUTATIONS } from './docker.ts';
import type { Mutation } from './mutation.ts';
import { NATIVE_MUTATIONS } from './native.ts';

/*
 * Switches each flag of the profile off in a copy of the checkout, and runs the case that must then fail:
 *   node sandbox/tests/mutations/main.ts [id …]
 * Needs what the sandbox suites need (root). A line per flag as it is done, then the table as Markdown; exit code 1 when a case
 * that is named did not notice.
 */

const ROOT = path.resolve(import.meta.dirname, '../../..');
const CASE_MS = 300_000;

interface Result {
  readonly mutation: Mutation;
  readonly outcome: 'noticed' | 'NOT noticed' | 'nothing to notice' | 'edit does not fit' | 'no such case';
}

function makeCopy(): string {
  const copy = mkdtempSync(path.join(tmpdir(), 'runyard-mutations-'));
  for (const name of [
    'sandbox',
    'shared',
    'languages',
    'package.json',
    'tsconfig.json',
    'tsconfig.base.json',
    'vitest.config.ts',
  ])
    cpSync(path.join(ROOT, name), path.join(copy, name), {
      recursive: true,
      filter: (source) => !source.includes('node_modules'),
    });
  cpSync(path.join(ROOT, 'tests/support'), path.join(copy, 'tests/support'), { recursive: true });
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(copy, 'node_modules'));
  return copy;
}

function tryMutation(copy: string, mutation: Mutation): Result['outcome'] {
  const { noticedBy } = mutation;
  if ('nothingBecause' in noticedBy) return 'nothing to notice';
  const before = new Map<string, string>();
  try {
    for (const { file, find, replace } of mutation.edits) {
      const target = path.join(copy, file);
      const content = readFileSync(target, 'utf8');
      if (!before.has(target)) before.set(target, content);
      if (content.split(find).length !== 2) return 'edit does not fit';
      writeFileSync(
        target,
        content.replace(find, () => replace),
      );
    }
    return runCase(copy, mutation, noticedBy);
  } finally {
    for (const [target, content] of before) writeFileSync(target, content);
  }
}

function runCase(
  copy: string,
  { launcher }: Mutation,
  { file, test }: { file: string; test: string },
): Result['outcome'] {
  const project = launcher === 'native' ? 'sandbox' : 'sandbox-docker';
  const vitest = path.join(ROOT, 'node_modules/vitest/vitest.mjs');
  const args = [vitest, 'run', '--project', project, `sandbox/tests/${file}.sandbox.ts`, '-t', test, '--reporter=json'];
  const { status, stdout } = spawnSync(process.execPath, args, {
    cwd: copy,
    encoding: 'utf8',
    timeout: CASE_MS,
    killSignal: 'SIGKILL',
  });
  const report = /\{"numTotalTestSuites".*\}/s.exec(stdout)?.[0];
  const counts = JSON.parse(report ?? '{}') as { numPassedTests?: number; numFailedTests?: number };
  if ((counts.numPassedTests ?? 0) + (counts.numFailedTests ?? 0) === 0 && status === 0) return 'no such case';
  return status === 0 ? 'NOT noticed' : 'noticed';
}

function asTable(results: readonly Result[]): string {
  const rows = results.map(({ mutation: { id, flag, stops, noticedBy }, outcome }) => {
    const by = 'nothingBecause' in noticedBy ? noticedBy.nothingBecause : `${noticedBy.file}: ${noticedBy.test}`;
    return `| ${id} | ${flag} | ${stops} | ${by} | ${outcome} |`;
  });
  return ['| id | flag | stops | case | without the flag |', '| --- | --- | --- | --- | --- |', ...rows].join('\n');
}

const wanted = process.argv.slice(2);
const all = [...NATIVE_MUTATIONS, ...DOCKER_MUTATIONS];
const chosen = wanted.length === 0 ? all : all.filter(({ id }) => wanted.includes(id));
const copy = makeCopy();
try {
  const results: Result[] = [];
  for (const mutation of chosen) {
    const outcome = tryMutation(copy, mutation);
    results.push({ mutation, outcome });
    process.stdout.write(`${mutation.id} ${mutation.flag}: ${outcome}\n`);
  }
  process.stdout.write(`\n${asTable(results)}\n`);
  if (results.some(({ outcome }) => !/^(noticed|nothing)/.test(outcome))) process.exitCode = 1;
} finally {
  rmSync(copy, { recursive: true, force: true });
}
