// `npm run doctor [-- --json]`: what is strong, weak or missing on this host for running other people's code, with the fix.
import { ensureInstalled, productNode, run } from './lib/node.mjs';

await ensureInstalled('product');
process.exit(await run(productNode(), ['services/doctor/src/main.ts', ...process.argv.slice(2)]));
