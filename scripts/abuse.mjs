// `npm run test:abuse [-- vitest arguments]`: every case of the abuse suite on each launcher that this machine can run.
// RUNYARD_ABUSE_REPORT=1 writes the tables of docs/security.
import { ensureInstalled, fail, say } from './lib/node.mjs';
import { runSuite, sandboxObstacle } from './lib/suites.mjs';

await ensureInstalled('all');
const obstacle = sandboxObstacle();
if (obstacle !== null) fail(`The abuse suite cannot run: ${obstacle}.`);
process.env.RUNYARD_ABUSE = 'full';
process.env.RUNYARD_ABUSE_LAUNCHERS ??= 'native,docker,runsc';
const { passed, failed } = await runSuite('abuse', process.argv.slice(2));
say(`\n${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
