// `npm run bench -- [--launcher native|docker] [--rounds n] [--languages a,b] [--json file]`: what the service costs over the bare process.
import { ensureInstalled, fail, productNode, run } from './lib/node.mjs';
import { sandboxObstacle } from './lib/suites.mjs';

await ensureInstalled('all');
const obstacle = sandboxObstacle();
if (obstacle !== null) fail(`The benchmark cannot run: ${obstacle}.`);
process.exit(await run(productNode(), ['bench/main.ts', ...process.argv.slice(2)]));
