// `npm run test:<suite>`: one suite or several (`a,b`), with vitest's own arguments behind `--`.
import { ensureInstalled, fail, say } from './lib/node.mjs';
import { runSuite, sandboxObstacle } from './lib/suites.mjs';

const [names, ...extraArgs] = process.argv.slice(2);
if (names === undefined) fail('usage: node scripts/suite.mjs <vitest project>[,<another>…] [vitest arguments]', 64);
const projects = names.split(',');
await ensureInstalled('all');
const needsSandbox = projects.some((project) => !['unit', 'contract'].includes(project));
const obstacle = needsSandbox ? sandboxObstacle() : null;
if (obstacle !== null) fail(`The ${names} suite cannot run: ${obstacle}.`);
let passed = 0;
let failed = 0;
for (const project of projects) {
  const totals = await runSuite(project, extraArgs);
  passed += totals.passed;
  failed += totals.failed;
}
say(`\n${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
