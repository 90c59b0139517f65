/** Opens two places, says so, and waits to be killed: the host process of a test. */
import { DockerLauncher, Engine } from '../../src/docker/index.ts';

const { SOCKET = '', IMAGE = '', OWNER = '' } = process.env;
const limits = { memoryBytes: 64 << 20, processes: 32, cpuMilli: 1000, deadlineMs: 60_000 };
const engine = new Engine(SOCKET);
const launcher = await DockerLauncher.start({ engine, image: IMAGE, runtime: null, ownerId: OWNER });
// Under other ids than those of the test's own launcher would be: the count goes on from there.
await Promise.all([launcher.open(limits), launcher.open(limits)]);
process.stdout.write('open\n');
setInterval(() => undefined, 1000);
