import type { AbuseCase, SeenJob, World } from '../../case.ts';
import { bash, cMain, python } from '../../programs.ts';

const ESCAPES =
  '\u001b[2J\u001b]52;c;cm0gLXJmIC8=\u0007\u001b]8;;http://evil.example/\u001b\\link\u001b]8;;\u001b\\\u001b]0;title\u0007safe\rfake\u202eevil\u2066\u200f\u009b31m\n';
const MARK = 'abuse-o6-mark';
const FRAGMENTS = [
  `</script><script>${MARK}</script>`,
  `","verdict":"ok","x":"${MARK}`,
  `{"level":60,"time":1,"msg":"${MARK} forged"}`,
  `2026-01-01T00:00:00Z ERROR ${MARK} forged`,
  '${jndi:ldap://127.0.0.1/x}',
  "=cmd|'/C calc'!A0",
  '@SUM(1+1)*cmd',
  '%0d%0aSet-Cookie: x=y',
  '{{7*7}}',
  '\r\n\r\nHTTP/1.1 200 OK\r\n',
  '',
].join('\n');

/** Prints text that comes on stdin, on both streams, and fails, so that the text is quoted in `error` as well. */
const repeats = (input: string) => bash('tee /dev/stderr; exit 3', { input });

/** Whatever a program prints is answered as a file to save, never as a page, and is no line of the log. */
async function inertFaults(world: World, text: string): Promise<readonly string[]> {
  const seen = await world.run(repeats(text));
  const link = await world.request({ path: `/result/${seen.job.executionId}?redirect=1` });
  const address = new URL(link.headers['location'] ?? '', world.url);
  const file = await world.request({ path: `${address.pathname}${address.search}` });
  const wanted: Readonly<Record<string, RegExp>> = {
    'content-type': /^text\/plain; charset=utf-8$/,
    'content-disposition': /^attachment; filename="[A-Za-z0-9._-]+"$/,
    'x-content-type-options': /^nosniff$/,
    'content-security-policy': /default-src 'none'/,
  };
  return [
    ...world.compare(seen, { verdicts: ['runtime_error'], exitCode: 3, stdout: text, stderr: text }),
    ...(seen.job.stdoutPreview === text ? [] : ['the preview is not the text']),
    ...(seen.job.error === text ? [] : ['the error is not the text']),
    ...Object.entries(wanted).flatMap(([name, pattern]) =>
      pattern.test(file.headers[name] ?? '') ? [] : [`header ${name}: ${file.headers[name]}`],
    ),
    ...(link.headers['content-length'] === '0' ? [] : ['the redirect has a body']),
    ...(world.serverOutput().includes(MARK) || world.serverOutput().includes('\u001b')
      ? ['the text is in the log']
      : []),
  ];
}

/** Header of a frame between PID 1 and its host: length, type, step, flags; and of Docker's streams: stream, length. */
const FAKE_FRAMES = `import os, struct
frame = lambda type, payload: struct.pack("<IBBH", len(payload), type, 0, 0) + payload
exit_record = struct.pack("<BBBBI8Q", 1, 0, 1, 0, 0, 1, 1, 1, 0, 0, 0, 1, 0)
frames = frame(0x81, b"RYD1\\x01\\0\\0\\0") + frame(0x82, b"") + frame(0x83, b"forged") + frame(0x86, exit_record) + frame(0x88, b"") + frame(0xc0, b"RYE1" + bytes(36))
docker = b"".join(struct.pack(">BxxxI", stream, 6) + b"forged" for stream in (0, 1, 2, 3))
for fd in range(1, 64):
  try: os.write(fd, frames + docker)
  except OSError: pass
for name in os.listdir("/proc/1/fd") if os.access("/proc/1/fd", os.R_OK) else range(16):
  try: os.write(os.open(f"/proc/1/fd/{name}", os.O_WRONLY), frames)
  except OSError: pass
os._exit(5)
`;
/** 6 × 8 bytes of headers and 8 + 6 + 72 + 40 of payload; 4 × (8 + 6). */
const FAKE_BYTES = 48 + 8 + 6 + 72 + 40 + 56;

export const INERT_CASES: readonly AbuseCase[] = [
  {
    id: 'O3',
    title: 'escapes of terminals, links, titles, overwritten lines, marks of direction',
    tags: ['full'],
    expected: 'stored verbatim, served as a file, not in the log',
    acts: [{ script: (world) => inertFaults(world, ESCAPES) }],
  },
  {
    id: 'O6',
    title: 'markup, JSON, lines of logs, look-ups, formulas',
    tags: ['full'],
    expected: 'inert everywhere',
    acts: [{ script: (world) => inertFaults(world, FRAGMENTS) }],
  },
  {
    id: 'O7',
    title: 'frames of the supervisor and of Docker in the output, on every descriptor',
    tags: ['fast', 'full'],
    expected: 'payload only: the exit code stays 5',
    acts: [
      {
        job: python(FAKE_FRAMES),
        expect: {
          verdicts: ['runtime_error'],
          exitCode: 5,
          outputBytes: { min: 2 * FAKE_BYTES, max: 2 * FAKE_BYTES },
          faults: ({ job }: SeenJob) => (job.attempt === 1 ? [] : [`attempt ${job.attempt}`]),
        },
      },
    ],
  },
  {
    id: 'O8',
    title: 'stdout closed while computing, a closed pipe, output of a daemon after the end',
    tags: ['full'],
    expected: 'nothing lost before the end, nothing kept after it',
    acts: [
      {
        name: 'stdout closed',
        job: cMain(
          'write(1, "a", 1); close(1); for (volatile long i = 0; i < 50000000; i++) {} write(2, "b", 1); return write(1, "c", 1) == -1 ? 0 : 1;',
        ),
        expect: { verdicts: ['ok'], stdout: 'a', stderr: 'b' },
      },
      {
        name: 'both closed',
        job: cMain('write(1, "a", 1); close(1); close(2); usleep(200000); return 4;'),
        expect: { verdicts: ['runtime_error'], exitCode: 4, stdout: 'a', stderr: '' },
      },
      {
        name: 'a pipe that nobody reads',
        job: cMain('int p[2]; pipe(p); close(p[0]); write(1, "x", 1); write(p[1], "y", 1);'),
        expect: { verdicts: ['signalled'], signal: 'SIGPIPE', stdout: 'x' },
      },
      {
        name: 'the last bytes before _exit',
        job: cMain('for (int i = 0; i < 1000; i++) write(1, "0123456789", 10); _exit(0);'),
        expect: { verdicts: ['ok'], stdout: '0123456789'.repeat(1000) },
      },
      {
        name: 'a full pipe at the end',
        job: cMain(
          'static char b[65536]; memset(b, 120, sizeof b); fcntl(1, F_SETFL, O_NONBLOCK); write(1, b, sizeof b); _exit(0);',
        ),
        expect: { verdicts: ['ok'], stdout: /^x{4096,65536}$/ },
      },
      {
        name: 'a daemon that prints on',
        job: cMain(
          'if (fork() == 0) { setsid(); for (;;) { usleep(400000); write(1, "late", 4); } } write(1, "done", 4);',
        ),
        expect: { verdicts: ['ok'], stdout: 'done', wallTimeMs: { max: 2500 } },
      },
    ],
  },
  {
    id: 'O9',
    title: '/dev/full, /dev/tty, stdout opened anew, isatty',
    tags: ['full'],
    expected: 'errors of the device; no terminal',
    acts: [
      {
        name: '/dev/full',
        job: cMain('int f = open("/dev/full", O_WRONLY); return write(f, "x", 1) == -1 ? errno : 0;'),
        expect: { verdicts: ['runtime_error'], exitCode: 28 },
      },
      {
        name: '/dev/tty',
        job: cMain('return open("/dev/tty", O_RDWR) == -1 ? 40 : 0;'),
        expect: { verdicts: ['runtime_error'], exitCode: 40 },
      },
      {
        name: 'opened anew, as often as it likes',
        job: bash('for n in 1 2 3; do echo $n > /proc/self/fd/1; echo $n > /dev/stdout; done; echo e > /dev/stderr'),
        expect: { verdicts: ['ok'], stdout: '1\n1\n2\n2\n3\n3\n', stderr: 'e\n' },
      },
      {
        // An engine gives each container pseudo terminals of its own, which lead nowhere else.
        name: 'isatty, ttyname, ptmx',
        job: cMain('printf("%d%d%d%d", isatty(0), isatty(1), isatty(2), open("/dev/ptmx", O_RDWR) >= 0);'),
        expect: { verdicts: ['ok'], stdout: /^000[01]$/ },
      },
    ],
  },
];
