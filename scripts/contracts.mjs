// `npm run contracts`: runs the contract suites of both backends and prints side by side what each adapter passes.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureInstalled, productNode, projectDir, run } from './lib/node.mjs';

await ensureInstalled('all');
const folder = mkdtempSync(join(tmpdir(), 'runyard-contracts-'));
const report = join(folder, 'report.json');
const vitest = join(projectDir, 'node_modules/vitest/vitest.mjs');
const projects = ['--project', 'contract', '--project', 'aws'];
await run(productNode(), [
  vitest,
  'run',
  ...projects,
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${report}`,
]);
const code = await run(productNode(), ['tests/support/print-contracts.ts', report]);
rmSync(folder, { recursive: true, force: true });
process.exit(code);
