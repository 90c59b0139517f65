import type { Submission } from '../../../support/client.ts';
import type { AbuseCase, HttpAct, JobAct } from '../../case.ts';
import { bash, cMain, KIB, MIB, python } from '../../programs.ts';

const STDIN_CAP = MIB;
const LARGE = 16 * MIB;
/** A server that takes more than by default, up to what its configuration allows. */
const LARGE_STDIN = { RUNYARD_MAX_STDIN_BYTES: String(LARGE), RUNYARD_MAX_BODY_BYTES: String(64 * MIB) };

const ECHO = 'import shutil, sys; shutil.copyfileobj(sys.stdin.buffer, sys.stdout.buffer)';
const base64 = (bytes: Buffer) => ({ input: bytes.toString('base64'), inputEncoding: 'base64' as const });

/** A sequence without a period that a buffer size could hide. */
const noise = (bytes: number) =>
  Buffer.from(Array.from({ length: bytes }, (_, n) => (n * n * 31 + n * 7 + (n >> 8)) & 255));

const echoes = (name: string, content: Buffer, encoded: Partial<Submission> = base64(content)): JobAct => ({
  name,
  job: python(ECHO, encoded),
  expect: { verdicts: ['ok'], stdout: content },
});

const tooLarge = (name: string, fields: Partial<Submission>): HttpAct => ({
  name,
  http: {
    method: 'POST',
    path: '/submit',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ language: 'python', code: ECHO, ...fields }),
  },
  expect: { statuses: [413], code: 'body_too_large', paths: ['/input'] },
});

const UNREAD = base64(Buffer.alloc(LARGE, 'x'));

export const INPUT_CASES: readonly AbuseCase[] = [
  {
    id: 'I1',
    title: '16 MiB of stdin, the most that can be configured, never read',
    tags: ['full'],
    expected: 'ok each time, and the server lives on',
    serverEnv: LARGE_STDIN,
    acts: [
      ...[1, 2, 3, 4, 5].map((round) => ({
        name: `round ${round}`,
        job: bash('exit 0', UNREAD),
        expect: { verdicts: ['ok' as const], stdout: '' },
      })),
      {
        name: 'a little of it',
        job: bash('head -c 100000 | wc -c; exit 0', UNREAD),
        expect: { verdicts: ['ok'], stdout: '100000\n' },
      },
      {
        name: 'killed while it comes',
        job: cMain('char b[4096]; for (int i = 0; i < 100; i++) read(0, b, sizeof b); raise(SIGKILL);', UNREAD),
        expect: { verdicts: ['signalled'], signal: 'SIGKILL' },
      },
      { name: 'all of it', job: bash('wc -c', UNREAD), expect: { verdicts: ['ok'], stdout: `${LARGE}\n` } },
    ],
  },
  {
    id: 'I2',
    title: 'stdin never read, and sleep',
    tags: ['full'],
    expected: 'a wall limit, killed at once',
    acts: [
      {
        job: bash('sleep 100', { input: 'x'.repeat(MIB), limits: { wallTimeMs: 800 } }),
        expect: { verdicts: ['wall_time_limit'], killWithinMs: 2500 },
      },
    ],
  },
  {
    id: 'I3',
    title: 'stdin closed, and go on',
    tags: ['full'],
    expected: 'ok',
    acts: [
      {
        job: cMain('close(0); usleep(200000); puts("on");', { input: 'x'.repeat(MIB) }),
        expect: { verdicts: ['ok'], stdout: 'on\n' },
      },
      {
        name: 'read a little, close, open something else in its place',
        job: cMain('char c; read(0, &c, 1); close(0); int f = open("/dev/null", O_RDONLY); printf("%c%d", c, f);', {
          input: 'x'.repeat(MIB),
        }),
        expect: { verdicts: ['ok'], stdout: 'x0' },
      },
    ],
  },
  {
    id: 'I4',
    title: 'no stdin given',
    tags: ['full'],
    expected: 'its end at once',
    acts: [
      {
        name: 'no field',
        job: cMain('char c; printf("%zd", read(0, &c, 1));'),
        expect: { verdicts: ['ok'], stdout: '0' },
      },
      { name: 'an empty one', job: bash('wc -c', { input: '' }), expect: { verdicts: ['ok'], stdout: '0\n' } },
      {
        name: 'an empty one as base64',
        job: bash('wc -c', { input: '', inputEncoding: 'base64' }),
        expect: { verdicts: ['ok'], stdout: '0\n' },
      },
    ],
  },
  {
    id: 'I5',
    title: 'binary, no last line feed, CR LF, byte order mark, nothing, the cap, one byte more',
    tags: ['fast', 'full'],
    expected: 'byte for byte, no line feed added; above the cap refused',
    acts: [
      echoes('every byte', Buffer.from(Array.from({ length: 1024 }, (_, n) => n & 255))),
      echoes('no last line feed', Buffer.from('1 2 3'), { input: '1 2 3' }),
      echoes('CR LF', Buffer.from('a\r\nb\r\n'), { input: 'a\r\nb\r\n' }),
      echoes('byte order mark', Buffer.from('\u{feff}x'), { input: '\u{feff}x' }),
      echoes('NUL, and what JSON escapes', Buffer.from('\0\u0001"\\/\u2028\u2029\u007f😀'), {
        input: '\0\u0001"\\/\u2028\u2029\u007f😀',
      }),
      echoes('exactly the cap', noise(STDIN_CAP)),
      echoes('exactly the cap as text', Buffer.alloc(STDIN_CAP, 'x'), { input: 'x'.repeat(STDIN_CAP) }),
      echoes('the cap less one', noise(STDIN_CAP - 1)),
      ...[4095, 4096, 65_535, 65_536, 65_537, 131_072].map((bytes) => echoes(`${bytes} bytes`, noise(bytes))),
      tooLarge('one byte more', base64(noise(STDIN_CAP + 1))),
      tooLarge('one byte more as text', { input: 'x'.repeat(STDIN_CAP + 1) }),
      tooLarge('fewer characters, more bytes', { input: '€'.repeat(STDIN_CAP / 2) }),
    ],
  },
  {
    id: 'I6',
    title: 'writes 10 MB before it reads',
    tags: ['full'],
    expected: 'no deadlock: all out, all in',
    acts: [
      {
        name: 'first out, then in',
        job: python(
          `import os, sys\nblock = b"o" * ${64 * KIB}\nfor _ in range(160):\n  rest = block\n  while rest: rest = rest[os.write(1, rest):]\nprint(len(sys.stdin.buffer.read()))`,
          { input: 'x'.repeat(MIB), limits: { outputBytes: 16 * MIB } },
        ),
        expect: {
          verdicts: ['ok'],
          stdout: Buffer.concat([Buffer.alloc(160 * 64 * KIB, 'o'), Buffer.from(`${MIB}\n`)]),
        },
      },
      {
        name: 'in and out by one byte',
        job: cMain('char c; while (read(0, &c, 1) == 1) write(1, &c, 1);', { ...base64(noise(100_000)) }),
        expect: { verdicts: ['ok'], stdout: noise(100_000) },
      },
      {
        name: 'both streams full while stdin waits',
        job: cMain(
          'static char b[1 << 20]; for (int fd = 1; fd < 3; fd++) for (size_t n = 0; n < sizeof b;) n += write(fd, b, sizeof b - n); size_t all = 0; for (ssize_t n; (n = read(0, b, sizeof b)) > 0;) all += n; return all == 1 << 20 ? 0 : 1;',
          { input: 'x'.repeat(MIB) },
        ),
        expect: { verdicts: ['ok'], stdout: Buffer.alloc(MIB), stderr: Buffer.alloc(MIB) },
      },
    ],
  },
  {
    id: 'I7',
    title: 'TIOCSTI, stty, a controlling terminal',
    tags: ['full'],
    expected: 'no terminal: ENOTTY',
    acts: [
      {
        name: 'ioctl',
        job: cMain(
          'char c = 120; int fds[] = {0, 1, 2}; for (int i = 0; i < 3; i++) { errno = 0; long r = syscall(SYS_ioctl, fds[i], 0x5412, &c); printf("%ld %d ", r, errno == ENOTTY || errno == EPERM); }',
          { input: 'x' },
        ),
        expect: { verdicts: ['ok'], stdout: '-1 1 -1 1 -1 1 ' },
      },
      {
        name: 'stty',
        job: bash('stty; echo $?'),
        expect: { verdicts: ['ok'], stdout: '1\n', stderr: /Inappropriate ioctl for device/ },
      },
    ],
  },
];
