import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyFrame, chunksOf, endFrame } from '../testing/arbitrary-frames.ts';
import type { Frame } from './index.ts';
import { encodeFrame, FrameReader, FrameWriter, MAX_PAYLOAD_BYTES, ProtocolError, writeFrame } from './index.ts';

function readAll(chunks: readonly Buffer[]): { frames: Frame[]; reader: FrameReader } {
  const frames: Frame[] = [];
  const reader = new FrameReader((frame) => frames.push(frame));
  for (const chunk of chunks) reader.push(chunk);
  return { frames, reader };
}

function codeOf(bytes: Buffer): string {
  try {
    readAll([bytes]);
    return 'accepted';
  } catch (error) {
    return error instanceof ProtocolError ? error.code : String(error);
  }
}

describe('bytes on the wire, by hand', () => {
  test.each<[Frame, string]>([
    [{ type: 'helloHost', deadlineMs: 0x01_02_03_04 }, '10000000 01 00 0000 52594431 0100 0000 0403020100000000'],
    [{ type: 'go', step: 3, isLast: true }, '00000000 04 03 0100'],
    [{ type: 'stdinCredit', step: 1, isClosed: false, bytes: 4096 }, '04000000 85 01 0000 00100000'],
    [
      { type: 'file', step: 0, isAppend: true, path: 'é', mode: 0o644, data: Buffer.from('x') },
      '0b000000 03 00 0100 02000000 c3a9 a4010000 78',
    ],
    [{ type: 'error', code: 7, message: 'no' }, '06000000 89 00 0000 07000000 6e6f'],
    [
      { type: 'end', waitStatus: 9, oomKills: 2, memoryPeakBytes: 2 ** 33, cpuUs: 5, pidsPeak: 6, cause: 'deadline' },
      '28000000 c0 00 0000 52594531 09000000 0200000000000000 0000000002000000 0500000000000000 06000000 01000000',
    ],
  ])('%j', (frame, hex) => {
    const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex');
    expect(encodeFrame(frame).toString('hex')).toBe(bytes.toString('hex'));
    expect(readAll([bytes]).frames).toEqual([frame]);
  });

  test('STEP_EXIT is 88 bytes of payload', () => {
    const bytes = encodeFrame({
      type: 'stepExit',
      step: 1,
      kind: 'signalled',
      killReason: 'cpu',
      memorySource: 'cgroup',
      artifactError: 'unreadable',
      value: 9,
      wallUs: 1,
      cpuUs: 2,
      memoryPeakBytes: 3,
      oomKills: 4,
      stdoutBytes: 5,
      stderrBytes: 6,
      processesPeak: 7,
      isTruncated: true,
      artifactCount: 8,
      artifactBytes: 10,
    });
    expect(bytes.toString('hex', 0, 16)).toBe('58000000860100000203010309000000');
    expect(bytes.length).toBe(96);
    expect(bytes.readUInt32LE(8 + 8 + 48)).toBe(7);
    expect(bytes.readBigUInt64LE(8 + 72)).toBe(10n);
  });
});

describe('round trip', () => {
  test('any frames under any chunking come back the same', () => {
    const input = fc.array(anyFrame, { maxLength: 12 }).chain((frames) => {
      const writer = new FrameWriter(1);
      for (const frame of frames) writeFrame(writer, frame);
      return fc.tuple(fc.constant(frames), chunksOf(writer.take()));
    });
    fc.assert(
      fc.property(input, ([frames, chunks]) => {
        expect(readAll(chunks).frames).toEqual(frames);
      }),
      { numRuns: 300 },
    );
  });

  test('byte by byte', () => {
    fc.assert(
      fc.property(anyFrame, (frame) => {
        const bytes = encodeFrame(frame).subarray(0, 2000);
        const whole = encodeFrame(frame);
        const chunks = [...bytes.keys()].map((index) => bytes.subarray(index, index + 1));
        expect(readAll([...chunks, whole.subarray(2000)]).frames).toEqual([frame]);
      }),
      { numRuns: 60 },
    );
  });

  test('a payload of the maximum passes, one byte more is refused before it is sent', () => {
    const data = Buffer.alloc(MAX_PAYLOAD_BYTES, 1);
    expect(readAll([encodeFrame({ type: 'stdout', step: 0, data })]).frames).toEqual([
      { type: 'stdout', step: 0, data },
    ]);
    expect(() => encodeFrame({ type: 'stdin', step: 0, data: Buffer.alloc(MAX_PAYLOAD_BYTES + 1) })).toThrow(
      RangeError,
    );
  });

  test.each([Number.NaN, -1, 2 ** 53, 1.5])('a time of %d is refused before it is sent', (deadlineMs) => {
    expect(() => encodeFrame({ type: 'helloHost', deadlineMs })).toThrow(RangeError);
  });
});

describe('malformed input', () => {
  test.each([
    ['length above the maximum', '01000100 83 00 0000', 'oversized'],
    ['length of 4 GiB', 'ffffffff 83 00 0000', 'oversized'],
    ['unknown type', '00000000 7f 00 0000', 'unknown_type'],
    ['unknown flag', '00000000 83 00 0200', 'unknown_flags'],
    ['a flag on a frame that has none', '00000000 83 00 0100', 'unknown_flags'],
    ['a step on a frame that has none', '00000000 88 01 0000', 'bad_payload'],
    ['wrong magic', '08000000 81 00 0000 52594432 0100 0000', 'bad_payload'],
    ['wrong version', '08000000 81 00 0000 52594431 0200 0000', 'bad_payload'],
    ['reserved field set', '08000000 81 00 0000 52594431 0100 0100', 'bad_payload'],
    ['too few bytes', '03000000 85 00 0000 000000', 'bad_payload'],
    ['bytes left over', '05000000 85 00 0000 0000000000', 'bad_payload'],
    ['a text longer than the payload', '08000000 03 00 0000 ff000000 00000000', 'bad_payload'],
    ['a list that cannot be that long', '04000000 02 00 0000 ffffffff', 'bad_payload'],
    ['a text that is not UTF-8', '09000000 03 00 0000 01000000 ff 00000000', 'bad_payload'],
    ['a number above 2^53', '10000000 01 00 0000 52594431 0100 0000 0000000000002000', 'bad_payload'],
  ])('%s', (_name, hex, code) => {
    expect(codeOf(Buffer.from(hex.replaceAll(' ', ''), 'hex'))).toBe(code);
  });

  test('random bytes never throw anything but the typed error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        expect(codeOf(Buffer.from(bytes))).toMatch(/^(accepted|oversized|unknown_type|unknown_flags|bad_payload)$/);
      }),
      { numRuns: 2000 },
    );
  });

  test('one changed byte in a good stream never throws anything but the typed error', () => {
    fc.assert(
      fc.property(anyFrame, fc.nat(), fc.integer({ min: 1, max: 255 }), (frame, place, change) => {
        const bytes = encodeFrame(frame);
        const index = place % Math.min(bytes.length, 120);
        bytes.writeUInt8(bytes.readUInt8(index) ^ change, index);
        expect(codeOf(bytes)).toMatch(/^(accepted|oversized|unknown_type|unknown_flags|bad_payload)$/);
      }),
      { numRuns: 1000 },
    );
  });

  test('after a fault the rest is not read as frames', () => {
    const frames: Frame[] = [];
    const reader = new FrameReader((frame) => frames.push(frame));
    expect(() => reader.push(Buffer.from('000000007f000000', 'hex'))).toThrow(ProtocolError);
    reader.push(encodeFrame({ type: 'ready' }));
    expect(frames).toEqual([]);
    expect(reader.finish().isViolation).toBe(true);
  });
});

function isOutput(frame: Frame): boolean {
  if (frame.type === 'end') return true;
  return (frame.type === 'stdout' || frame.type === 'stderr') && frame.step === 0 && frame.data.length > 0;
}

function pushAnything(reader: FrameReader, chunk: Buffer): void {
  try {
    reader.push(chunk);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
  }
}

describe('the end of the stream', () => {
  const outputs = fc.array(
    fc.record({
      type: fc.constantFrom('stdout', 'stderr'),
      step: fc.constant(0),
      data: fc.uint8Array({ minLength: 1 }),
    }),
    { minLength: 1, maxLength: 5 },
  );

  test('PID 1 dies at any byte: END is found, and what was printed before is kept and nothing else', () => {
    const input = fc.tuple(outputs, endFrame, fc.nat()).chain(([frames, end, place]) => {
      const said = Buffer.concat(frames.map((frame) => encodeFrame(frame as Frame)));
      const cut = place % (said.length + 1);
      const stream = Buffer.concat([said.subarray(0, cut), encodeFrame(end)]);
      return fc.tuple(fc.constant({ said, cut, end }), chunksOf(stream));
    });
    fc.assert(
      fc.property(input, ([{ said, cut, end }, chunks]) => {
        const seen: Frame[] = [];
        const reader = new FrameReader((frame) => {
          if (isOutput(frame)) seen.push(frame);
          // As the session does: END can look like frames that nobody sends.
          else throw new ProtocolError('unexpected_frame', frame.type);
        });
        for (const chunk of chunks) {
          pushAnything(reader, chunk);
        }
        const tail = reader.finish();
        expect(tail.end).toEqual(end);
        expect(tail.isViolation).toBe(false);
        const got = Buffer.concat(seen.map((frame) => ('data' in frame ? frame.data : Buffer.alloc(0))));
        const kept = got.subarray(0, got.length - tail.swallowedBytes);
        expect(kept.equals(printedIn(said.subarray(0, cut)).subarray(0, kept.length))).toBe(true);
        expect(kept.length).toBeGreaterThanOrEqual(completelyPrintedIn(said.subarray(0, cut)));
      }),
      { numRuns: 500 },
    );
  });

  test('a half frame that END completes exactly gives its swallowed bytes back', () => {
    const said = encodeFrame({ type: 'stdout', step: 0, data: Buffer.alloc(60, 'a') }).subarray(0, 8 + 12);
    const end: Frame = {
      type: 'end',
      waitStatus: 9,
      oomKills: 1,
      memoryPeakBytes: 1,
      cpuUs: 1,
      pidsPeak: 1,
      cause: 'self',
    };
    const { frames, reader } = readAll([said, encodeFrame(end)]);
    expect(frames).toHaveLength(1);
    expect(reader.finish()).toEqual({ end, isViolation: false, swallowedBytes: 48 });
  });

  test('a half header that END completes gives no more back than the payload', () => {
    const said = encodeFrame({ type: 'stdout', step: 0, data: Buffer.alloc(3, 'a') }).subarray(0, 5);
    const end = encodeFrame({
      type: 'end',
      waitStatus: 9,
      oomKills: 1,
      memoryPeakBytes: 1,
      cpuUs: 1,
      pidsPeak: 1,
      cause: 'self',
    });
    const reader = new FrameReader(() => undefined);
    pushAnything(reader, Buffer.concat([said, end]));
    expect(reader.finish()).toMatchObject({ isViolation: false, swallowedBytes: 3 });
  });

  test('no END, no evidence', () => {
    const { reader } = readAll([encodeFrame({ type: 'done' })]);
    expect(reader.finish()).toEqual({ end: null, isViolation: false, swallowedBytes: 0 });
  });

  test('a fault of PID 1 before END stays a fault', () => {
    const end = encodeFrame({
      type: 'end',
      waitStatus: 0,
      oomKills: 0,
      memoryPeakBytes: 0,
      cpuUs: 0,
      pidsPeak: 0,
      cause: 'self',
    });
    const reader = new FrameReader(() => undefined);
    expect(() => reader.push(Buffer.concat([Buffer.from('000000007f000000', 'hex'), end]))).toThrow(ProtocolError);
    expect(reader.finish()).toMatchObject({ isViolation: true, end: { type: 'end' } });
  });
});

/** Reads the output out of possibly cut frames, the plain way. */
function printedIn(bytes: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let offset = 0; offset + 8 <= bytes.length;) {
    const length = bytes.readUInt32LE(offset);
    parts.push(bytes.subarray(offset + 8, offset + 8 + length));
    offset += 8 + length;
  }
  return Buffer.concat(parts);
}

function completelyPrintedIn(bytes: Buffer): number {
  let total = 0;
  for (let offset = 0; offset + 8 <= bytes.length;) {
    const length = bytes.readUInt32LE(offset);
    if (offset + 8 + length <= bytes.length) total += length;
    offset += 8 + length;
  }
  return total;
}
