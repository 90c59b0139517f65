/** A host to be killed: keeps sandboxes of all sorts coming and going. Its first line tells who it is. */
import { SupervisedSandbox } from '../../src/index.ts';
import { startNative, type NativeSetup } from './native-launcher-fixtures.ts';

const [setup, stateDir] = JSON.parse(process.argv[2]!) as [NativeSetup, string];
const { launcher, ownerId, pid } = await startNative(setup, stateDir);
const sandbox = new SupervisedSandbox(launcher);
const limits = {
  wallTimeMs: 300,
  cpuTimeMs: 200,
  memoryBytes: 32 << 20,
  outputBytes: 1 << 20,
  processes: 16,
  fileBytes: 1 << 20,
  openFiles: 64,
  stackBytes: 8 << 20,
};
const SCRIPTS = [
  'true',
  'setsid sleep 9 & sleep 8',
  'while :; do :; done',
  'yes',
  'f() { f | f & }; f; sleep 7',
  'cat /dev/zero | tail',
];

async function work(script: string): Promise<never> {
  const env = { PATH: '/usr/bin:/bin' };
  for (;;) {
    const run = { argv: ['/bin/sh', '-c', script], env, stdin: new Uint8Array(0), limits };
    await sandbox.run({ files: [], runs: [run] });
  }
}

process.stdout.write(`${JSON.stringify({ ownerId, pid: pid() })}\n`);
await Promise.all(SCRIPTS.map(work));
