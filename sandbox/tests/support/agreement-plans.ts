import type { SandboxPlan } from '../../src/index.ts';
import { c, compile, KIB, LIMITS, MIB, NO_STDIN, python, sh, step, textFile } from './programs.ts';

export interface NamedPlan {
  readonly name: string;
  readonly plan: SandboxPlan;
}

/** How programs end: by an exit code, by a signal, by a limit, or before they start. */
const EXITS = [0, 1, 2, 3, 42, 125, 126, 127, 128, 129, 134, 137, 139, 143, 152, 153, 255].map((code) => ({
  name: `exits with ${code}`,
  plan: sh(`echo out; echo err >&2; exit ${code}`),
}));

const SIGNALS = [
  'HUP',
  'INT',
  'QUIT',
  'ILL',
  'ABRT',
  'FPE',
  'KILL',
  'SEGV',
  'PIPE',
  'ALRM',
  'TERM',
  'USR1',
  'XCPU',
].map((signal) => ({ name: `dies of SIG${signal}`, plan: sh(`echo before; kill -${signal} $$; sleep 5`) }));

const LIMIT_ENDS: readonly NamedPlan[] = [
  ...[100, 250, 600].map((wallTimeMs) => ({
    name: `sleeps past ${wallTimeMs} ms`,
    plan: sh('echo so far; sleep 9', { limits: { wallTimeMs } }),
  })),
  ...[100, 300].map((cpuTimeMs) => ({
    name: `works past ${cpuTimeMs} ms`,
    plan: sh('while :; do :; done', { limits: { cpuTimeMs } }),
  })),
  {
    name: 'works past 200 ms in two processes',
    plan: sh('f() { while :; do :; done; }; f & f', { limits: { cpuTimeMs: 200 } }),
  },
  ...[24, 48].map((mib) => ({
    name: `eats more than ${mib} MiB`,
    plan: python('a = []\nwhile True: a.append(bytearray(1 << 20))', { limits: { memoryBytes: mib * MIB } }),
  })),
  {
    name: 'a child eats too much, the parent goes on',
    plan: sh('python3 -c "a = bytearray(99 << 20)"; echo went on', { limits: { memoryBytes: 32 * MIB } }),
  },
  ...[0, 1, 100, 4096].map((outputBytes) => ({
    name: `prints past ${outputBytes} bytes`,
    plan: sh('while :; do printf 12345678; done', { limits: { outputBytes } }),
  })),
  { name: 'prints just as much as it may', plan: sh('head -c 4096 /dev/zero', { limits: { outputBytes: 4096 } }) },
  {
    name: 'writes a file past its limit',
    plan: sh('head -c 300000 /dev/zero > f; ls -s f', { limits: { fileBytes: 100_000 } }),
  },
  { name: 'forks past its limit', plan: python(FORKS(), { limits: { processes: 8 } }) },
  { name: 'opens past its limit', plan: python(OPENS(), { limits: { openFiles: 16 } }) },
  {
    name: 'recurses past its stack',
    plan: c('int f(int n) { char a[9999]; a[n % 9999] = n; return f(n + 1) + a[0]; } int main() { return f(0); }'),
  },
];

/** Counts children until the kernel refuses. */
function FORKS(): string {
  return 'import os, time\nn = 0\ntry:\n  while True:\n    if os.fork() == 0: time.sleep(.3); os._exit(0)\n    n += 1\nexcept OSError as e: print(n, e.errno)';
}

function OPENS(): string {
  return 'n = []\ntry:\n  while True: n.append(open("/dev/null"))\nexcept OSError as e: print(len(n), e.errno)';
}

const NOT_STARTED: readonly NamedPlan[] = [
  ['no such program', ['nothing']],
  ['not executable', ['/etc/passwd']],
  ['a folder', ['/etc']],
  ['no interpreter', ['./script']],
].map(([name, argv]) => ({
  name: `cannot be started: ${String(name)}`,
  plan: { files: [textFile('script', '#!/nothing\n', 0o755)], runs: [step(argv as string[])] },
}));

const OUTPUTS: readonly NamedPlan[] = [
  ['nothing', ':'],
  ['one line', 'echo hello'],
  ['no newline at the end', 'printf hello'],
  ['stderr alone', 'echo hello >&2'],
  ['both', 'echo out; sleep 0.05; echo err >&2; sleep 0.05; echo out'],
  ['every byte', "python3 -c 'import sys; sys.stdout.buffer.write(bytes(range(256)))'"],
  ['half a character', 'printf "\\303"; sleep 0.05; printf "\\244\\303"'],
  ['NULs', 'head -c 1000 /dev/zero'],
  ['60 KB', 'head -c 60000 /dev/zero | tr "\\\\0" x'],
  ['many small pieces', 'i=0; while [ $i -lt 500 ]; do echo $i; i=$((i+1)); done'],
  ['through /dev/stdout', 'echo a > /dev/stdout; echo b > /dev/stderr'],
  ['after it closed stderr', 'exec 2>&-; echo still'],
  ['from a child that stays a moment', '(sleep 0.03; echo late) & echo early'],
  ['frames of the protocol', 'printf "\\\\1\\\\0\\\\0\\\\0\\\\24\\\\0\\\\0\\\\0x"'],
].map(([name, script]) => ({ name: `prints ${String(name)}`, plan: sh(String(script)) }));

const INPUTS: readonly NamedPlan[] = [
  ...[0, 1, 65_535, 65_536, 65_537, 1 << 20].map((bytes) => ({
    name: `reads ${bytes} bytes`,
    plan: sh('wc -c', { stdin: Buffer.alloc(bytes, 'x') }),
  })),
  { name: 'does not read', plan: sh('exit 5', { stdin: Buffer.alloc(1 << 20) }) },
  { name: 'reads a part', plan: sh('head -c 10', { stdin: Buffer.alloc(1 << 20, 'y') }) },
  { name: 'closes stdin', plan: sh('exec <&-; sleep 0.1; echo closed', { stdin: Buffer.alloc(1 << 20) }) },
  {
    name: 'arguments and environment',
    plan: sh('echo "$1|$2|$A|$B"', { args: ['a b', 'ü'], env: { A: '1', B: 'x=y', PATH: '/bin' } }),
  },
  { name: 'a long argument', plan: sh('echo ${#1}', { args: ['x'.repeat(50_000)] }) },
  { name: 'the whole environment', plan: sh('/usr/bin/env | sort', { env: { Z: '1' } }) },
  {
    name: 'files',
    plan: {
      files: [textFile('a', 'one\n'), textFile('d/e/b', 'two\n', 0o600)],
      runs: [step(['sh', '-c', 'cat a d/e/b; stat -c "%n %a" a d/e/b d'])],
    },
  },
];

const SURROUNDINGS: readonly NamedPlan[] = [
  ['folder and mask', 'pwd; umask; ls -A'],
  [
    'folders that it may write',
    'for d in / /etc /usr /box /tmp /dev/shm /program /proc; do [ -w $d ] && echo $d; done',
  ],
  ['modes of the folders', 'stat -c "%n %a" / /box /tmp /dev/shm /program /etc'],
  [
    'room in its folders',
    'df -k --output=target,size /box /tmp /dev/shm /program; df -i --output=target,itotal /box /tmp /dev/shm /program',
  ],
  ['no setuid file', 'find /usr/bin -perm /6000'],
  ['host name', 'cat /proc/sys/kernel/hostname'],
  ['limits', 'ulimit -c; ulimit -n; ulimit -f; ulimit -s; ulimit -l'],
  ['capabilities', 'grep -E "^(Cap|NoNewPrivs|Groups)" /proc/self/status'],
  ['cgroups', 'cut -d: -f3 /proc/self/cgroup | sort -u'],
  ['network', 'cat /proc/net/dev | grep -c :; cat /proc/net/route | wc -l'],
  ['descriptors', 'ls /proc/self/fd | head -3'],
  ['time zone and locale', 'date +%Z; locale 2> /dev/null | head -1'],
  ['noexec of /tmp', 'cp /bin/true /tmp/t; /tmp/t; echo $?; cp /bin/true /box/t; /box/t; echo $?'],
].map(([name, script]) => ({ name: `finds its ${String(name)}`, plan: sh(String(script)) }));

const USES: readonly NamedPlan[] = [
  ...[100, 300].map((ms) => ({
    name: `burns ${ms} ms`,
    plan: python(`import time\nwhile time.process_time() < ${ms / 1000}: pass`),
  })),
  ...[8, 24, 40].map((mib) => ({
    name: `touches ${mib} MiB`,
    plan: python(`a = bytearray(${mib} << 20)\nfor i in range(0, len(a), 4096): a[i] = 1`),
  })),
  { name: 'fills a file of 10 MB', plan: sh('head -c 10000000 /dev/zero > f; wc -c < f') },
  { name: 'sleeps 200 ms', plan: sh('sleep 0.2') },
  { name: 'has ten children', plan: sh('for i in 1 2 3 4 5 6 7 8 9 0; do sleep 0.1 & done; wait; echo done') },
  { name: 'leaves a daemon', plan: sh('setsid sleep 60 & echo gone') },
];

const COMPILES: readonly NamedPlan[] = [
  { name: 'compiles and runs', plan: c('int main() { puts("compiled"); return 7; }') },
  {
    name: 'compiles, three runs',
    plan: c('int main(int c, char **v) { return c; }', {}, { args: ['a'] }, { args: ['a', 'b'] }),
  },
  { name: 'does not compile', plan: c('int main() { return nothing; }') },
  { name: 'does not link', plan: c('int nothing(void); int main() { return nothing(); }') },
  { name: 'compiles to nothing', plan: made(':') },
  { name: 'compiles to a link', plan: made('ln -s /etc/passwd out') },
  { name: 'compiles past its time', plan: made('sleep 9', { wallTimeMs: 200 }) },
  { name: 'compiles past its memory', plan: made('python3 -c "a = bytearray(99 << 20)"', { memoryBytes: 32 * MIB }) },
  { name: 'compiles past its output', plan: made('yes', { outputBytes: 4 * KIB }) },
  {
    name: 'runs with less memory than it was compiled with',
    plan: c('int main() { char *p = malloc(40 << 20); memset(p, 1, 40 << 20); return 0; }', {
      limits: { memoryBytes: 24 * MIB },
    }),
  },
  { name: 'compiles to more than fits into the memory of the run', plan: large() },
  {
    name: 'three runs, the middle one is killed',
    plan: {
      files: [],
      runs: [step(['echo', '1']), step(['sleep', '9'], { limits: { wallTimeMs: 150 } }), step(['echo', '3'])],
    },
  },
];

function made(script: string, limits: Partial<typeof LIMITS> = {}): SandboxPlan {
  const compiling = compile(['/bin/sh', '-c', script], ['out'], { ...LIMITS, ...limits });
  return { files: [], compile: compiling, runs: [{ ...step(['/program/out']), stdin: NO_STDIN }] };
}

function large(): SandboxPlan {
  const script = 'for i in 1 2 3; do head -c 12000000 /dev/zero > out$i; done; echo "#!/bin/sh" > out';
  const compiling = compile(['/bin/sh', '-c', script], ['out*']);
  return { files: [], compile: compiling, runs: [step(['/program/out'], { limits: { memoryBytes: 16 * MIB } })] };
}

export const AGREEMENT_PLANS: readonly NamedPlan[] = [
  ...EXITS,
  ...SIGNALS,
  ...LIMIT_ENDS,
  ...NOT_STARTED,
  ...OUTPUTS,
  ...INPUTS,
  ...SURROUNDINGS,
  ...USES,
  ...COMPILES,
];
