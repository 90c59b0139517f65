import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Frame } from '../src/protocol/index.ts';
import { encodeFrame, FrameReader, FrameWriter, writeFrame } from '../src/protocol/index.ts';
import { anyFrame } from '../src/testing/arbitrary-frames.ts';
import { startTestSandbox } from '../src/testing/index.ts';

let frameEchoPath = '';

beforeAll(async () => {
  await using it = await startTestSandbox();
  frameEchoPath = it.binaries.frameEchoPath;
});

/** What the C codec makes of the bytes: the same frames, or what came before the first bad one and ERROR. */
function echo(bytes: Buffer): { status: number | null; out: Buffer } {
  const { status, stdout } = spawnSync(frameEchoPath, { input: bytes, maxBuffer: 64 << 20 });
  return { status, out: stdout };
}

/** Whether TypeScript takes the bytes for whole frames and nothing else. */
function isAccepted(bytes: Buffer): boolean {
  const frames: Frame[] = [];
  const reader = new FrameReader((frame) => frames.push(frame));
  try {
    // A frame that is still open would swallow DONE.
    reader.push(Buffer.concat([bytes, encodeFrame({ type: 'done' })]));
  } catch {
    return false;
  }
  return frames.at(-1)?.type === 'done';
}

describe('the two codecs agree', () => {
  test('what TypeScript writes comes back byte for byte', () => {
    fc.assert(
      fc.property(fc.array(anyFrame, { minLength: 20, maxLength: 60 }), (frames) => {
        const writer = new FrameWriter();
        for (const frame of frames) writeFrame(writer, frame);
        const bytes = writer.take();
        const { status, out } = echo(bytes);
        expect(status).toBe(0);
        expect(out.equals(bytes)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test('one changed byte is refused by both or read the same by both', () => {
    fc.assert(
      fc.property(anyFrame, fc.nat(), fc.integer({ min: 1, max: 255 }), (frame, place, change) => {
        const bytes = encodeFrame(frame);
        const index = place % Math.min(bytes.length, 100);
        bytes.writeUInt8(bytes.readUInt8(index) ^ change, index);
        const { status, out } = echo(bytes);
        // Structure only: what a text or a number means is for its reader, and C takes numbers that are not safe here.
        const agreed = isAccepted(bytes)
          ? out.equals(bytes) && status === 0
          : status === 1 || onlyTypeScriptMinds(bytes);
        expect(agreed).toBe(true);
      }),
      { numRuns: 400 },
    );
  });

  test('random bytes give ERROR and exit 1, never a crash', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), (random) => {
        const { status, out } = echo(Buffer.from(random));
        const isRefusal = lastFrame(out)?.type === 'error';
        expect([status, isRefusal]).toEqual(status === 0 ? [0, isRefusal] : [1, true]);
      }),
      { numRuns: 200 },
    );
  });

  test.each([
    ['length above the maximum', '0100010083000000'],
    ['unknown type', '000000007f000000'],
    ['unknown flag', '0000000083000200'],
    ['a flag on a frame that has none', '0000000083000100'],
    ['a step on a frame that has none', '0000000088010000'],
    ['wrong magic', '08000000810000005259443201000000'],
    ['wrong version', '08000000810000005259443102000000'],
    ['too few bytes', '0300000085000000000000'],
    ['bytes left over', '05000000850000000000000000'],
    ['a text longer than the payload', '0800000003000000ff00000000000000'],
    ['a list that cannot be that long', '0400000002000000ffffffff'],
    ['cut inside a header', '00000000'],
    ['cut inside a payload', '04000000850000000000'],
  ])('%s is refused by both', (_name, hex) => {
    const bytes = Buffer.from(hex, 'hex');
    expect(isAccepted(bytes)).toBe(false);
    const { status, out } = echo(bytes);
    expect(status).toBe(1);
    expect(lastFrame(out)).toMatchObject({ type: 'error', code: 1 });
  });
});

/** Numbers above 2^53 and texts that are not UTF-8 exist in C. */
function onlyTypeScriptMinds(bytes: Buffer): boolean {
  try {
    new FrameReader(() => undefined).push(bytes);
  } catch (error) {
    return /above 2\^53|not UTF-8|no meaning for code/.test(String(error));
  }
  return false;
}

function lastFrame(bytes: Buffer): Frame | undefined {
  const frames: Frame[] = [];
  new FrameReader((frame) => frames.push(frame)).push(bytes);
  return frames.at(-1);
}
