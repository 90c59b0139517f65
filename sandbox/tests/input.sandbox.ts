import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { testPrograms } from './support/program-case.ts';
import { c, cMain, ENV, KIB, MIB, python, sh, step } from './support/programs.ts';
import { endingOf, onlyRun, stdoutOf, useSandbox } from './support/use-sandbox.ts';

const user = useSandbox();

/** No byte sequence repeats within a window, so that a lost or doubled piece shows. */
function noise(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = 12_345;
  for (let index = 0; index < length; index += 1) {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    bytes[index] = state >> 16;
  }
  return bytes;
}

describe('stdin is exact', () => {
  test.each([
    ['no byte', Buffer.alloc(0)],
    ['no final newline', Buffer.from('a\nb')],
    ['CRLF and a byte order mark', Buffer.from('\ufeffa\r\nb\r\n')],
    ['every byte value', Buffer.from(Array.from({ length: 256 }, (_, value) => value))],
    ['one window', noise(64 * KIB)],
    ['one window and one byte', noise(64 * KIB + 1)],
    ['1 MiB', noise(MIB)],
    ['5 MiB and 3 bytes', noise(5 * MIB + 3)],
  ])('%s', async (_name, stdin) => {
    const run = onlyRun(
      await user.run({ files: [], runs: [step(['cat'], { stdin, limits: { outputBytes: 8 * MIB } })] }),
    );
    expect(endingOf(run)).toBe('exited 0');
    expect(run.output.stdout.length).toBe(stdin.length);
    expect(stdin.equals(run.output.stdout)).toBe(true);
  });

  test('each of several runs gets its own', async () => {
    const runs = ['one', 'two', 'three'].map((text) => step(['cat'], { stdin: Buffer.from(text) }));
    expect((await user.run({ files: [], runs })).runs.map(stdoutOf)).toEqual(['one', 'two', 'three']);
  });
});

describe('stdin that is not read', () => {
  const stdin = noise(MIB);
  const limits = { wallTimeMs: 400 };
  testPrograms(user, [
    { name: 'never, then exit', plan: sh('echo ok', { stdin }), ends: 'exited 0', stdout: 'ok\n' },
    { name: 'never, then sleep', plan: sh('sleep 9', { stdin, limits }), ends: 'wall_limit' },
    {
      name: 'closed, then work',
      plan: sh('exec 0<&-; sleep 0.1; echo ok', { stdin }),
      ends: 'exited 0',
      stdout: 'ok\n',
    },
    { name: 'only the first bytes', plan: sh('head -c 5 | wc -c', { stdin }), ends: 'exited 0', stdout: '5\n' },
    {
      name: 'slowly',
      plan: python(
        'import sys, time\nn = 0\nwhile b := sys.stdin.buffer.read(200000):\n  n += len(b); time.sleep(.02)\nprint(n)',
        { stdin },
      ),
      ends: 'exited 0',
      stdout: `${MIB}\n`,
    },
    {
      name: 'by a child that outlives the reader',
      plan: sh('(sleep 9) & exit 0', { stdin }),
      ends: 'exited 0',
    },
    {
      name: 'after printing more than a pipe holds',
      plan: python(
        'import sys\nsys.stdout.write("x" * 3000000); sys.stdout.flush()\nprint(len(sys.stdin.buffer.read()))',
        { stdin, limits: { outputBytes: 4 * MIB } },
      ),
      ends: 'exited 0',
      stdout: /^x{3000000}1048576\n$/,
    },
    {
      name: 'it is a pipe and no terminal',
      plan: sh('test -p /dev/stdin && ! test -t 0 && ! test -t 1 && ! test -t 2 && cat /dev/stdin', {
        stdin: Buffer.from('in'),
      }),
      ends: 'exited 0',
      stdout: 'in',
    },
    {
      name: 'it can be opened again',
      plan: sh('cat /proc/self/fd/0', { stdin: Buffer.from('again') }),
      ends: 'exited 0',
      stdout: 'again',
    },
    {
      name: 'poll says that it has ended',
      plan: python('import select, sys\nprint(select.select([0], [], [], 3)[0], sys.stdin.read())'),
      ends: 'exited 0',
      stdout: '[0] \n',
    },
  ]);
});

function hex(texts: readonly string[]): string {
  return texts.map((text) => `${Buffer.from(text).toString('hex')}\n`).join('');
}

describe('arguments and environment are exact', () => {
  const PRINT_HEX = `extern char **environ;
    static void put(const char *s) { for (; *s; s++) printf("%02x", (unsigned char)*s); puts(""); }
    int main(int argc, char **argv) { char **from = argc > 1 && !strcmp(argv[1], "env") ? environ : argv + 1;
      for (; *from; from++) put(*from); return 0; }`;

  const ODD = [
    '',
    ' ',
    '  two  ',
    '\n',
    '\r\n',
    '\t\u0001\u007f',
    '-rf',
    '--',
    '--version',
    '@file',
    '$(id)',
    '`id`',
    ';id',
    '*',
    '~',
    'a\'b"c\\d',
    '${HOME}',
    '%s%n',
    'é',
    '😀',
    '\ufeff',
    '\u202eabc',
    'e\u0301',
    '\ufffd',
    'x'.repeat(30_000),
  ];

  test('arguments', async () => {
    expect(stdoutOf(onlyRun(await user.run(c(PRINT_HEX, { args: ODD, limits: { outputBytes: MIB } }))))).toBe(hex(ODD));
  });

  test('the environment is the list given, in order, and nothing else', async () => {
    const env = {
      B: '2',
      A: '',
      odd: 'a=b\n é 😀 $(id)',
      'with space': '1',
      PATH: '/nowhere',
      LD_PRELOAD: '/nowhere.so',
    };
    const expected = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    expect(stdoutOf(onlyRun(await user.run(c(PRINT_HEX, { args: ['env'], env }))))).toBe(hex(expected));
  });

  testPrograms(user, [
    { name: 'an empty environment', plan: c(PRINT_HEX, { args: ['env'], env: {} }), ends: 'exited 0', stdout: '' },
    { name: 'argv[0] is as given', plan: cMain('puts(argv[0]);'), ends: 'exited 0', stdout: '/program/main\n' },
    {
      name: '1000 arguments',
      plan: sh('echo $#', { args: Array.from({ length: 1000 }, (_, index) => String(index)) }),
      ends: 'exited 0',
      stdout: '1000\n',
    },
  ]);
});

describe('files', () => {
  test('content, mode, folders and odd names are exact; the step works in /box', async () => {
    const names = [
      'a',
      'd/e/f',
      '-rf',
      '$(id)',
      ' ',
      'new\nline',
      'é',
      'e\u0301',
      '😀',
      '.hidden',
      'a b',
      'n'.repeat(255),
      '*',
      '...',
    ];
    const files = names.map((path, index) => ({
      path,
      mode: index % 2 === 0 ? 0o644 : 0o755,
      content: noise(index * 40_000),
    }));
    const source = `import os, sys, json, hashlib
print(os.getcwd())
for root, _, names in os.walk('.'):
  for name in names:
    path = os.path.join(root, name)
    print(json.dumps([path[2:], oct(os.stat(path).st_mode), hashlib.md5(open(path, 'rb').read()).hexdigest()], ensure_ascii=False, separators=(',', ':')))`;
    const run = onlyRun(await user.run({ files, runs: [step(['python3', '-c', source])] }));
    const [cwd, ...lines] = stdoutOf(run).trim().split('\n');
    const expected = files.map(({ path, mode, content }) =>
      JSON.stringify([path, `0o100${mode.toString(8)}`, createHash('md5').update(content).digest('hex')]),
    );
    expect(cwd).toBe('/box');
    expect(new Set(lines)).toEqual(new Set(expected));
  });

  test('an empty file, and one of more than a frame', async () => {
    const content = noise(300_000);
    const files = [
      { path: 'empty', mode: 0o600, content: Buffer.alloc(0) },
      { path: 'big', mode: 0o600, content },
    ];
    const limits = { outputBytes: MIB };
    const run = onlyRun(await user.run({ files, runs: [step(['cat', 'empty', 'big'], { env: ENV, limits })] }));
    expect(content.equals(run.output.stdout)).toBe(true);
  });

  test('they are there before each run that works from sources, as they were', async () => {
    const spoil = step(['sh', '-c', 'cat f; echo spoilt > f; rm -f g; mkdir h']);
    const plan = {
      files: [{ path: 'f', mode: 0o644, content: Buffer.from('ok\n') }],
      runs: [spoil, spoil, step(['ls'])],
    };
    expect((await user.run(plan)).runs.map(stdoutOf)).toEqual(['ok\n', 'ok\n', 'f\n']);
  });
});
