/** `node print-contracts.ts <vitest's JSON report>`: the contracts side by side, of tests that passed. Exit 1 when one is missing. */
import { readFileSync } from 'node:fs';
import { contractTables, formatTables, missingTests } from './contract-names.ts';

interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly ancestorTitles: readonly string[];
      readonly title: string;
      readonly status: string;
    }[];
  }[];
}

const report = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as Report;
const passed = report.testResults
  .flatMap(({ assertionResults }) => assertionResults)
  .filter(({ status }) => status === 'passed')
  .map(({ ancestorTitles, title }) => ({ name: [...ancestorTitles, title].join(' > ') }));
const tables = contractTables(passed);
const missing = missingTests(tables);
// A contract with one adapter compares nothing.
const lonely = tables
  .filter(({ adapters }) => adapters.length < 2)
  .map(({ contract }) => `${contract}: one adapter only`);
const problems = tables.length === 0 ? ['no contract was run'] : [...missing, ...lonely];
process.stdout.write(`${formatTables(tables)}\n\n${problems.join('\n')}\n`);
process.exit(problems.length === 0 ? 0 : 1);
