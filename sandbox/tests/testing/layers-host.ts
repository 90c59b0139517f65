/** Runs one long program in a container and waits to be killed or stopped: launcher and executor of a test in one process. */
import { DockerLauncher, Engine } from '../../src/docker/index.ts';
import { encodeFrame } from '../../src/protocol/index.ts';
import { step } from '../support/programs.ts';

const { SOCKET = '', IMAGE = '', OWNER = '', DEADLINE_MS = '', PID1_MS = '' } = process.env;
const engine = new Engine(SOCKET);
const launcher = await DockerLauncher.start({ engine, image: IMAGE, runtime: null, ownerId: OWNER });
const limits = { memoryBytes: 64 << 20, processes: 32, cpuMilli: 1000, deadlineMs: Number(DEADLINE_MS) };
const { stream } = await launcher.open(limits);
const plan = step(['/bin/sh', '-c', 'setsid sleep 600 & echo on; exec sleep 600'], {
  limits: { wallTimeMs: 600_000, cpuTimeMs: 600_000 },
});
const env = Object.entries(plan.env).map(([name, value]) => `${name}=${value}`);
const frames = [
  encodeFrame({ type: 'helloHost', deadlineMs: Number(PID1_MS) }),
  encodeFrame({ type: 'step', step: 0, isCompile: false, patterns: [], argv: plan.argv, env, ...plan.limits }),
  encodeFrame({ type: 'go', step: 0, isLast: true }),
];
stream.on('data', (chunk: Buffer) => {
  if (chunk.includes('on\n')) process.stdout.write('on\n');
});
stream.write(Buffer.concat(frames));
