import type { LanguagePrograms } from './programs.ts';

export const programs: LanguagePrograms = {
  echo: `
process.stdin.pipe(process.stdout);
`,
  argumentsAndBytes: `
for (const argument of process.argv.slice(2)) process.stdout.write(argument + '\\n');
process.stdout.write(Buffer.from([0x00, 0xff, 0x80, 0x0a]));
`,
  exitSeven: `
const code: number = 7;
console.log('before');
console.error('why');
process.exitCode = code;
`,
  signal: { code: 'process.abort();\n', name: 'SIGABRT' },
  broken: {
    code: "const answer: number = 'forty-two';\nconsole.log(answer);\n",
    verdict: 'compile_error',
    says: "Type 'string' is not assignable to type 'number'",
  },
  loop: 'for (;;) {}\n',
  memory: `
const kept: Buffer[] = [];
for (;;) kept.push(Buffer.alloc(1 << 20, 1));
`,
  flood: `
const lines = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-\\n'.repeat(16384);
for (let i = 0; i < 100; i++) process.stdout.write(lines);
`,
  forkBomb: {
    code: `
import { spawn } from 'node:child_process';
function bomb(): void {
  spawn(process.execPath, process.argv.slice(1), { stdio: 'inherit' }).on('error', () => {});
  setImmediate(bomb);
}
bomb();
`,
    verdicts: ['time_limit', 'wall_time_limit', 'memory_limit'],
  },
  daemon: `
import { spawn } from 'node:child_process';
spawn('sleep', ['300'], { detached: true, stdio: 'inherit' }).unref();
console.log('left');
`,
  network: `
import { connect } from 'node:net';
const socket = connect(80, '1.1.1.1');
socket.on('connect', () => { console.log('connected'); process.exit(); });
socket.on('error', () => console.log('no network'));
`,
  shadow: `
import { readFileSync } from 'node:fs';
try {
  console.log(readFileSync('/etc/shadow', 'utf8'));
} catch {
  console.log('denied');
}
`,
};
