import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DOCKER_MUTATIONS } from './docker.ts';
import type { Mutation } from './mutation.ts';
import { NATIVE_LIMITS } from './native-limits.ts';
import { NATIVE_PLACES } from './native-places.ts';

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
  readonly outcome:
    'noticed' | 'NOT noticed' | 'nothing to notice' | 'edit does not fit' | 'does not run' | 'no such case';
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

interface Report {
  readonly numPassedTests: number;
  readonly testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly { readonly status: string; readonly failureMessages: readonly string[] }[];
  }[];
}

/** A copy that does not compile, or a place that cannot even be made, is no proof: an expectation of the case must fail. */
function runCase(
  copy: string,
  { launcher }: Mutation,
  { file, test }: { file: string; test: string },
): Result['outcome'] {
  const project = launcher === 'native' ? 'sandbox' : 'sandbox-docker';
  const vitest = path.join(ROOT, 'node_modules/vitest/vitest.mjs');
  const output = path.join(copy, 'report.json');
  rmSync(output, { force: true });
  const what = ['run', '--project', project, `sandbox/tests/${file}.sandbox.ts`, '-t', test];
  const args = [vitest, ...what, '--reporter=json', `--outputFile=${output}`];
  spawnSync(process.execPath, args, { cwd: copy, stdio: 'ignore', timeout: CASE_MS, killSignal: 'SIGKILL' });
  if (!existsSync(output)) return 'no such case';
  const report = JSON.parse(readFileSync(output, 'utf8')) as Report;
  const results = report.testResults.flatMap(({ assertionResults }) => assertionResults);
  const words = results.filter(({ status }) => status === 'failed').flatMap(({ failureMessages }) => failureMessages);
  // A case that waits for what never comes has noticed too.
  if (words.some((text) => /^(TestTimeoutError|(Assertion)?Error: expect)/.test(text))) return 'noticed';
  for (const text of [...words, ...report.testResults.map(({ message }) => message)])
    process.stderr.write(`${text.slice(0, 500)}\n`);
  if (words.length > 0 || report.testResults.some(({ message }) => message !== '')) return 'does not run';
  return report.numPassedTests > 0 ? 'NOT noticed' : 'no such case';
}

function asTable(results: readonly Result[]): string {
  const rows = results.map(({ mutation: { id, flag, stops, noticedBy }, outcome }) => {
    const by = 'nothingBecause' in noticedBy ? noticedBy.nothingBecause : `${noticedBy.file}: ${noticedBy.test}`;
    return `| ${id} | ${flag} | ${stops} | ${by} | ${outcome} |`;
  });
  return ['| id | flag | stops | case | without the flag |', '| --- | --- | --- | --- | --- |', ...rows].join('\n');
}

const wanted = process.argv.slice(2);
const all = [...NATIVE_PLACES, ...NATIVE_LIMITS, ...DOCKER_MUTATIONS];
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
