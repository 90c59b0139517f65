// `npm test`: everything that this machine can run. The last line sums all suites.
import { ensureInstalled, say } from './lib/node.mjs';
import { runChecks } from './lib/checks.mjs';
import { runSuite, sandboxObstacle } from './lib/suites.mjs';

await ensureInstalled('all');
const startedAtMs = Date.now();
say('== checks');
const totals = await runChecks();
add(await runSuite('unit'));
add(await runSuite('contract'));

/** Of the deep suites (`test:faults`, `test:abuse`) what takes a minute; `test:compose` has a script of its own alone. */
const SUITES = [
  { project: 'sandbox' },
  { project: 'sandbox-docker' },
  { project: 'aws' },
  { project: 'e2e' },
  { project: 'e2e-aws' },
  { project: 'faults', env: { RUNYARD_FAULTS: 'fast' } },
  { project: 'abuse', env: { RUNYARD_ABUSE: 'fast' } },
];
const obstacle = sandboxObstacle();
for (const { project, env } of SUITES) {
  if (obstacle === null) add(await runSuite(project, [], env));
  else skip(project, obstacle);
}

say(`\n${((Date.now() - startedAtMs) / 1000).toFixed(0)} s`);
say(`${totals.passed} passed, ${totals.failed} failed`);
process.exit(totals.failed === 0 ? 0 : 1);

function add({ passed, failed }) {
  totals.passed += passed;
  totals.failed += failed;
}

/** Locally a suite that cannot run is said loudly; in CI it is a failure, so that it cannot go missing unseen. */
function skip(suite, reason) {
  say(`\n!! The ${suite} suite DID NOT RUN: ${reason}.`);
  if (process.env.CI === 'true') totals.failed += 1;
}
