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
console.log('before');
console.error('why');
process.exitCode = 7;
`,
  signal: { code: 'process.abort();\n', name: 'SIGABRT' },
  broken: { code: 'const = 1;\n', verdict: 'runtime_error', says: 'SyntaxError' },
  loop: 'for (;;) {}\n',
  memory: `
const kept = [];
for (;;) kept.push(Buffer.alloc(1 << 20, 1));
`,
  flood: `
const lines = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-\\n'.repeat(16384);
for (let i = 0; i < 100; i++) process.stdout.write(lines);
`,
  forkBomb: {
    code: `
const { spawn } = require('node:child_process');
const { setImmediate } = require('node:timers');
function bomb() {
  spawn(process.execPath, [__filename], { stdio: 'inherit' }).on('error', () => {});
  setImmediate(bomb);
}
bomb();
`,
    // Every process of it is a whole engine: memory is what it meets first where the CPU is slow.
    verdicts: ['time_limit', 'wall_time_limit', 'memory_limit'],
  },
  daemon: `
const { spawn } = require('node:child_process');
spawn('sleep', ['300'], { detached: true, stdio: 'inherit' }).unref();
console.log('left');
`,
  network: `
const socket = require('node:net').connect(80, '1.1.1.1');
socket.on('connect', () => { console.log('connected'); process.exit(); });
socket.on('error', () => console.log('no network'));
`,
  shadow: `
try {
  console.log(require('node:fs').readFileSync('/etc/shadow', 'utf8'));
} catch {
  console.log('denied');
}
`,
};
