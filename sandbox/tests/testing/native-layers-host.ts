/** Runs one long program with the native launcher and waits to be killed or stopped. Its first line tells who belongs to it. */
import { encodeFrame } from '../../src/protocol/index.ts';
import { step } from '../support/programs.ts';
import { type NativeSetup, startNative } from './native-launcher-fixtures.ts';

const { SETUP = '', STATE_DIR = '', DEADLINE_MS = '', PID1_MS = '' } = process.env;
const { launcher, ownerId, pid } = await startNative(JSON.parse(SETUP) as NativeSetup, STATE_DIR);
const limits = { memoryBytes: 64 << 20, processes: 32, cpuMilli: 1000, deadlineMs: Number(DEADLINE_MS) };
const { stream } = await launcher.open(limits);
const openedAtMs = Date.now();
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
  if (chunk.includes('on\n')) process.stdout.write(`${JSON.stringify({ ownerId, daemon: pid(), openedAtMs })}\n`);
});
stream.write(Buffer.concat(frames));
