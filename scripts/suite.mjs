// `npm run test:<suite>`: one suite, with vitest's own arguments behind `--`.
import { ensureInstalled, fail, say } from './lib/node.mjs';
import { runSuite, sandboxObstacle } from './lib/suites.mjs';

const [project, ...extraArgs] = process.argv.slice(2);
if (project === undefined) fail('usage: node scripts/suite.mjs <vitest project> [vitest arguments]', 64);
await ensureInstalled('all');
const obstacle = ['unit', 'contract'].includes(project) ? null : sandboxObstacle();
if (obstacle !== null) fail(`The ${project} suite cannot run: ${obstacle}.`);
const { passed, failed } = await runSuite(project, extraArgs);
say(`\n${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
