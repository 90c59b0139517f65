// `npm run check`: types, lint, format, boundaries, dead code, unit tests. Before every commit; under 90 s.
import { ensureInstalled, say } from './lib/node.mjs';
import { runChecks } from './lib/checks.mjs';
import { runSuite } from './lib/suites.mjs';

await ensureInstalled('all');
const checks = await runChecks();
const unit = await runSuite('unit');
const failed = checks.failed + unit.failed;
say(`\n${checks.passed + unit.passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
