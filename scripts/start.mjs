// `npm start`: installs what is missing, then becomes the standalone server.
import { ensureInstalled, productNode, run } from './lib/node.mjs';

await ensureInstalled('product');
process.exit(await run(productNode(), ['services/standalone/src/main.ts', ...process.argv.slice(2)]));
