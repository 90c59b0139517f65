import { describe, expect, test } from 'vitest';
import type { StepReport } from '../src/index.ts';
import { encodeFrame } from '../src/protocol/index.ts';
import { testPrograms, type ProgramCase } from './support/program-case.ts';
import { c, cMain, KIB, MIB, python, sh } from './support/programs.ts';
import { endingOf, onlyRun, stdoutOf, useSandbox } from './support/use-sandbox.ts';

const user = useSandbox();

describe('what is printed arrives as it is', () => {
  test('every byte value on both streams', async () => {
    const body = 'for (int i = 0; i < 1024; i++) { char b = i; write(1, &b, 1); b = ~i; write(2, &b, 1); }';
    const run = onlyRun(await user.run(cMain(body)));
    const values = Buffer.from(Array.from({ length: 1024 }, (_, index) => index % 256));
    expect(values.equals(run.output.stdout)).toBe(true);
    expect(values.map((value) => 255 - value).every((value, index) => run.output.stderr[index] === value)).toBe(true);
    expect(run.output.combined.length).toBe(2048);
    expect(run.output.truncated).toBe(false);
  });

  test('combined is in the order of printing when there is time between', async () => {
    const body =
      'for (int i = 0; i < 5; i++) { write(1, "out ", 4); usleep(40000); write(2, "err ", 4); usleep(40000); }';
    const run = onlyRun(await user.run(cMain(body)));
    expect(Buffer.from(run.output.combined).toString()).toBe('out err '.repeat(5));
    expect(stdoutOf(run)).toBe('out '.repeat(5));
  });

  test('combined holds exactly what the two streams hold', async () => {
    const body = 'for (int i = 0; i < 20000; i++) { write(1, "o", 1); write(2, "e", 1); }';
    const { output } = onlyRun(await user.run(cMain(body)));
    const combined = Buffer.from(output.combined).toString();
    expect([combined.replaceAll('e', '').length, combined.replaceAll('o', '').length]).toEqual([20_000, 20_000]);
    expect([output.stdout.length, output.stderr.length]).toEqual([20_000, 20_000]);
  });

  test('frames of the protocol are only bytes', async () => {
    const exit = { kind: 'exited', killReason: 'none', memorySource: 'cgroup', artifactError: 'none' } as const;
    const sizes = {
      wallUs: 1,
      cpuUs: 1,
      memoryPeakBytes: 1,
      oomKills: 1,
      stdoutBytes: 0,
      stderrBytes: 0,
      processesPeak: 1,
    };
    const rest = { value: 0, isTruncated: false, artifactCount: 0, artifactBytes: 0 };
    const end = { waitStatus: 9, oomKills: 1, memoryPeakBytes: 1, cpuUs: 1, pidsPeak: 1, cause: 'self' } as const;
    const frames = Buffer.concat([
      encodeFrame({ type: 'stepExit', step: 0, ...exit, ...sizes, ...rest }),
      encodeFrame({ type: 'done' }),
      encodeFrame({ type: 'end', ...end }),
    ]);
    const source = 'import os, sys; os.write(1, bytes.fromhex(sys.argv[1])); sys.exit(5)';
    const run = onlyRun(await user.run(python(source, { args: [frames.toString('hex')] })));
    expect(endingOf(run)).toBe('exited 5');
    expect(frames.equals(run.output.stdout)).toBe(true);
  });

  testPrograms(user, [
    {
      name: 'half characters, NUL, escapes',
      plan: sh("printf '\\360\\237\\000\\033[2J\\r\\342\\200\\256'"),
      ends: 'exited 0',
      facts: [(run) => Buffer.from(run.output.stdout).toString('hex'), 'f09f001b5b324a0de280ae'],
    },
    { name: 'nothing', plan: sh(':'), ends: 'exited 0', stdout: '', stderr: '' },
    {
      name: 'stdout closed, then work',
      plan: sh('exec 1>&-; sleep 0.1; echo x >&2; exit 4'),
      ends: 'exited 4',
      stdout: '',
      stderr: 'x\n',
    },
    {
      name: 'stdout opened again',
      plan: sh('echo a > /dev/stdout; echo b > /proc/self/fd/1; echo c > /dev/fd/1; echo d > /dev/stderr'),
      ends: 'exited 0',
      stdout: 'a\nb\nc\n',
      stderr: 'd\n',
    },
    {
      name: 'stdout is no file that could be cut or sought in',
      plan: python(
        'import os\nprint("a", flush=True)\nfor f in (lambda: os.ftruncate(1, 0), lambda: os.lseek(1, 0, 0)):\n  try: f(); print("did")\n  except OSError as e: print(e.errno)',
      ),
      ends: 'exited 0',
      stdout: 'a\n22\n29\n',
    },
    { name: '/dev/full', plan: sh('echo x > /dev/full'), ends: 'exited 1', stderr: /I\/O error/ },
    { name: 'no terminal', plan: sh('echo x > /dev/tty'), ends: 'exited 2', stderr: /cannot create/ },
    {
      name: 'a megabyte in one write',
      plan: python('import os; os.write(1, b"x" * 1048576)', { limits: { outputBytes: 2 * MIB } }),
      ends: 'exited 0',
      facts: [(run) => run.output.stdout.length, MIB],
    },
    {
      name: 'what a program printed just before its end',
      plan: cMain('for (int i = 0; i < 60; i++) write(1, "0123456789", 10); _exit(0);'),
      ends: 'exited 0',
      stdout: '0123456789'.repeat(60),
    },
  ]);
});

function print(out: number, err: number): string {
  return `import os; os.write(1, b"o" * ${out}); os.write(2, b"e" * ${err})`;
}

/** Bytes kept of both streams together, of each, and whether the rest is said to be missing. */
function sizesOf({ output }: StepReport): unknown {
  return [output.combined.length, output.stdout.length + output.stderr.length, output.truncated];
}

function kept(bytes: number, truncated: boolean): NonNullable<ProgramCase['facts']> {
  return [sizesOf, [bytes, bytes, truncated]];
}

describe('F13: the output limit', () => {
  const limits = { outputBytes: 1000 };
  testPrograms(user, [
    { name: 'one byte below', plan: python(print(999, 0), { limits }), ends: 'exited 0', facts: kept(999, false) },
    { name: 'exactly', plan: python(print(1000, 0), { limits }), ends: 'exited 0', facts: kept(1000, false) },
    { name: 'one byte above', plan: python(print(1001, 0), { limits }), ends: 'output_limit', facts: kept(1000, true) },
    { name: 'exactly, on both', plan: python(print(600, 400), { limits }), ends: 'exited 0', facts: kept(1000, false) },
    {
      name: 'one byte above, on both',
      plan: python(print(600, 401), { limits }),
      ends: 'output_limit',
      facts: kept(1000, true),
    },
    {
      name: 'one byte above, on stderr alone',
      plan: python(print(0, 1001), { limits }),
      ends: 'output_limit',
      facts: kept(1000, true),
    },
    {
      name: 'one byte above, then SIGSEGV',
      plan: python(`${print(1001, 0)}; os.kill(os.getpid(), 11)`, { limits }),
      ends: 'output_limit',
      facts: kept(1000, true),
    },
    {
      name: 'one byte above, printed by a child',
      plan: sh('head -c 1001 /dev/zero | cat', { limits }),
      ends: 'output_limit',
      facts: kept(1000, true),
    },
    {
      name: 'no byte allowed, none printed',
      plan: sh(':', { limits: { outputBytes: 0 } }),
      ends: 'exited 0',
      facts: kept(0, false),
    },
    {
      name: 'no byte allowed, one printed',
      plan: sh('printf x', { limits: { outputBytes: 0 } }),
      ends: 'output_limit',
      facts: kept(0, true),
    },
  ]);

  const FLOOD = 'static char b[65536]; memset(b, 120, sizeof b);';
  const cap = 300 * KIB + 7;
  const flood = (name: string, body: string) => ({
    name,
    plan: cMain(`signal(SIGPIPE, SIG_IGN); ${FLOOD} for (;;) { ${body} }`, { limits: { outputBytes: cap } }),
    ends: 'output_limit',
    facts: kept(cap, true),
  });
  testPrograms(user, [
    flood('flood of stdout', 'write(1, b, sizeof b);'),
    flood('flood of stderr', 'write(2, b, sizeof b);'),
    flood('flood of both', 'write(1, b, sizeof b); write(2, b, 999);'),
    flood('flood of many children', 'if (fork() == 0) for (;;) write(1, b, sizeof b); usleep(1000);'),
  ]);

  test('flood of one-byte writes', async () => {
    const limits = { outputBytes: 64 * KIB, wallTimeMs: 10_000, cpuTimeMs: 10_000 };
    const run = onlyRun(await user.run(cMain('for (;;) write(1, "x", 1);', { limits })));
    expect(endingOf(run)).toBe('output_limit');
    expect(sizesOf(run)).toEqual([64 * KIB, 64 * KIB, true]);
  });

  test('100 MB: the first 4 MiB are kept, the event loop is not held up', async () => {
    let ticks = 0;
    let longestMs = 0;
    let last = performance.now();
    const timer = setInterval(() => {
      const now = performance.now();
      longestMs = Math.max(longestMs, now - last);
      last = now;
      ticks += 1;
    }, 5);
    const limits = { outputBytes: 4 * MIB, wallTimeMs: 10_000 };
    const body =
      'static char b[1000000]; for (int i = 0; i < 100; i++) { memset(b, i, sizeof b); if (write(1, b, sizeof b) < 0) return 1; }';
    const run = onlyRun(await user.run(cMain(body, { limits })));
    clearInterval(timer);
    expect(endingOf(run)).toBe('output_limit');
    expect(sizesOf(run)).toEqual([4 * MIB, 4 * MIB, true]);
    expect([run.output.stdout[0], run.output.stdout[1_000_000], run.output.stdout[4 * MIB - 1]]).toEqual([0, 1, 4]);
    expect(ticks).toBeGreaterThan(0);
    expect(longestMs).toBeLessThan(1000);
  });

  test('100 MB below the limit arrive whole', async () => {
    const source =
      'int main() { static uint32_t b[250000]; for (uint32_t n = 0; n < 25000000; ) { for (int i = 0; i < 250000; i++) b[i] = n++; char *p = (char *)b; for (size_t left = sizeof b; left;) { ssize_t w = write(1, p, left); if (w < 0) return 1; p += w; left -= w; } } }';
    const limits = { outputBytes: 100_000_000, wallTimeMs: 20_000, cpuTimeMs: 20_000 };
    const run = onlyRun(await user.run(c(source, { limits })));
    expect(endingOf(run)).toBe('exited 0');
    expect(run.output.truncated).toBe(false);
    const words = Buffer.from(run.output.stdout.buffer, run.output.stdout.byteOffset, run.output.stdout.length);
    expect(words.length).toBe(100_000_000);
    let firstWrong = -1;
    for (let index = 0; index < 25_000_000 && firstWrong < 0; index += 1)
      if (words.readUInt32LE(index * 4) !== index) firstWrong = index;
    expect(firstWrong).toBe(-1);
  });
});
