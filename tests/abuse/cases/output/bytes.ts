import type { AbuseCase, SeenJob } from '../../case.ts';
import { bash, cMain, MIB, python, submission } from '../../programs.ts';

const ALL_BYTES = Buffer.from(Array.from({ length: 256 }, (_, value) => value));
const PREVIEW_CODE_POINTS = 500;

/** What the first bytes of a stream look like as text, decoded once. */
function previewFaults({ job, stdout }: SeenJob): readonly string[] {
  const expected = Array.from(stdout.toString('utf8')).slice(0, PREVIEW_CODE_POINTS).join('');
  return job.stdoutPreview === expected
    ? []
    : [`preview ${JSON.stringify(job.stdoutPreview)} is not the text of stdout`];
}

/** A job's record must stay small and readable whatever was printed. */
function recordFaults({ job }: SeenJob): readonly string[] {
  const bytes = Buffer.byteLength(JSON.stringify(job));
  return bytes > 64 * 1024 + 16 * 1024 ? [`the record takes ${bytes} bytes as JSON`] : [];
}

const hexPrinter = (hex: string) => python(`import os; os.write(1, bytes.fromhex("${hex}"))`);

/** Bytes that are no UTF-8, each kind by itself. */
const BROKEN_TEXTS: Readonly<Record<string, string>> = {
  'lone continuation bytes': '8080bf',
  'overlong forms of a slash': 'c0af e080af f08080af',
  'half of a surrogate pair': 'eda080',
  'above U+10FFFF': 'f4908080 f8888080 80 ff fe',
  'a character cut short': '61e282',
  'byte order marks': 'efbbbf fffe feff',
};

export const BYTES_CASES: readonly AbuseCase[] = [
  {
    id: 'O1',
    title: 'all 256 byte values 4 000 times',
    tags: ['fast', 'full'],
    expected: 'the very bytes through the link; U+FFFD for what is no UTF-8 in the preview',
    acts: [
      {
        job: python('import os\ndata = bytes(range(256)) * 4000\nwhile data: data = data[os.write(1, data):]'),
        expect: {
          verdicts: ['ok'],
          stdout: Buffer.concat(Array.from({ length: 4000 }, () => ALL_BYTES)),
          outputBytes: { min: 1_024_000, max: 1_024_000 },
          truncated: false,
          faults: (seen: SeenJob) => [
            ...previewFaults(seen),
            ...(seen.job.stdoutPreview?.includes('\u{fffd}')
              ? []
              : ['the preview does not show that bytes are no text']),
          ],
        },
      },
    ],
  },
  {
    id: 'O2',
    title: 'lone continuation bytes, overlong forms, an emoji in two writes',
    tags: ['full'],
    expected: 'stored as they are, decoded once at the end: no split damages a character',
    acts: [
      ...Object.entries(BROKEN_TEXTS).map(([name, hex]) => ({
        name,
        job: hexPrinter(hex),
        expect: {
          verdicts: ['ok' as const],
          stdout: Buffer.from(hex.replaceAll(' ', ''), 'hex'),
          faults: previewFaults,
        },
      })),
      {
        name: 'an emoji byte by byte, with time between',
        job: python(
          'import os, time\nfor byte in "😀é\\n".encode() * 5:\n  os.write(1, bytes([byte])); time.sleep(0.01)',
        ),
        expect: {
          verdicts: ['ok'],
          stdout: '😀é\n'.repeat(5),
          faults: ({ job }: SeenJob) =>
            job.stdoutPreview === '😀é\n'.repeat(5) ? [] : [`preview ${JSON.stringify(job.stdoutPreview)}`],
        },
      },
      {
        name: 'halves of emoji on both streams in turn',
        job: python(
          'import os, time\nfor half in (b"\\xf0\\x9f", b"\\x98\\x80"):\n  for fd in (1, 2):\n    os.write(fd, half); time.sleep(0.05)',
        ),
        expect: { verdicts: ['ok'], stdout: '😀', stderr: '😀', outputBytes: { min: 8, max: 8 } },
      },
      {
        name: 'an error text cut inside a character by its 500 code points',
        job: python('import sys; sys.stderr.write("😀" * 600); sys.exit(1)'),
        expect: { verdicts: ['runtime_error'], stderr: '😀'.repeat(600), error: /^😀{500}$/u },
      },
    ],
  },
  {
    id: 'O4',
    title: '1 MB of NUL, 1 MB of ESC',
    tags: ['full'],
    expected: 'stored whole; the record stays small although each byte is six characters of JSON',
    acts: [
      ...['00', '1b', 'ff', '22'].map((hex) => ({
        name: `0x${hex}`,
        job: python(`import os\ndata = bytes.fromhex("${hex}") * ${MIB}\nwhile data: data = data[os.write(1, data):]`),
        expect: {
          verdicts: ['ok' as const],
          stdout: Buffer.alloc(MIB, Buffer.from(hex, 'hex')),
          faults: (seen: SeenJob) => [...recordFaults(seen), ...previewFaults(seen)],
        },
      })),
      {
        name: 'both streams, and a failure that quotes them',
        job: python('import os\nfor fd in (1, 2): os.write(fd, bytes(60000))\nos._exit(1)'),
        expect: {
          verdicts: ['runtime_error'],
          stdout: Buffer.alloc(60_000),
          stderr: Buffer.alloc(60_000),
          faults: recordFaults,
        },
      },
      {
        name: '60 000 bytes 0xFF of a compiler, which are 180 000 of UTF-8',
        job: submission(
          'haskell',
          `{-# LANGUAGE TemplateHaskell #-}
import Language.Haskell.TH.Syntax
import System.Process
$(runIO (callCommand "head -c 60000 /dev/zero | tr '\\\\0' '\\\\377' >&2") >> fail "enough")
main :: IO ()
main = return ()
`,
        ),
        expect: {
          verdicts: ['compile_error'],
          compileOutput: /\u{fffd}{1000}/u,
          faults: (seen: SeenJob) => {
            const textBytes = Buffer.byteLength(seen.job.compile?.output ?? '');
            return [...recordFaults(seen), ...(textBytes > 64 * 1024 ? [`the kept text has ${textBytes} bytes`] : [])];
          },
        },
      },
      {
        name: '60 000 NUL of a compiler',
        job: submission('haskell', '{-# OPTIONS_GHC -F -pgmF /bin/sh #-}\nhead -c 60000 /dev/zero >&2\nexit 1\n'),
        expect: { verdicts: ['compile_error'], combined: /\0{60000}/ },
      },
    ],
  },
  {
    id: 'O5',
    title: 'exactly the cap less one, the cap, the cap and one; a cut inside a character',
    tags: ['full'],
    expected: 'ok up to the cap; above it output_limit with the first bytes, which may end inside a character',
    acts: [
      ...[
        { out: 999, err: 0 },
        { out: 1000, err: 0 },
        { out: 0, err: 1000 },
        { out: 600, err: 400 },
      ].map(({ out, err }) => ({
        name: `${out} + ${err} of 1 000`,
        job: python(`import os; os.write(1, b"o" * ${out}); os.write(2, b"e" * ${err})`, {
          limits: { outputBytes: 1000 },
        }),
        expect: { verdicts: ['ok' as const], stdout: 'o'.repeat(out), stderr: 'e'.repeat(err), truncated: false },
      })),
      ...[
        { out: 1001, err: 0 },
        { out: 0, err: 1001 },
        { out: 600, err: 401 },
        { out: 5000, err: 5000 },
      ].map(({ out, err }) => ({
        name: `${out} + ${err} of 1 000`,
        job: python(`import os; os.write(1, b"o" * ${out}); os.write(2, b"e" * ${err}); os.abort()`, {
          limits: { outputBytes: 1000 },
        }),
        expect: {
          verdicts: ['output_limit' as const],
          outputBytes: { min: 1000, max: 1000 },
          combined: /^o*e*$|^e*o*$/,
          truncated: true,
        },
      })),
      {
        name: 'a cut inside a character',
        job: python('import os; os.write(1, "€".encode() * 400)', { limits: { outputBytes: 1000 } }),
        expect: {
          verdicts: ['output_limit'],
          stdout: Buffer.from('€'.repeat(334)).subarray(0, 1000),
          faults: ({ job }: SeenJob) =>
            job.stdoutPreview === `${'€'.repeat(333)}\u{fffd}` ? [] : [`preview ${job.stdoutPreview}`],
        },
      },
      {
        name: 'a cap of one byte',
        job: bash('printf ab', { limits: { outputBytes: 1 } }),
        expect: { verdicts: ['output_limit'], stdout: 'a', truncated: true },
      },
      {
        name: 'the largest cap, to the byte',
        job: cMain(
          'static char block[1 << 20]; memset(block, 120, sizeof block); for (int i = 0; i < 16; i++) for (size_t done = 0; done < sizeof block;) { ssize_t n = write(1, block + done, sizeof block - done); if (n < 0) return 1; done += n; }',
          {
            limits: { outputBytes: 16 * MIB },
          },
        ),
        expect: { verdicts: ['ok'], stdout: Buffer.alloc(16 * MIB, 'x'), truncated: false },
      },
    ],
  },
];
