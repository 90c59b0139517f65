import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OutputCollector } from './output-collector.ts';

const piece = fc.record({
  stream: fc.constantFrom('stdout', 'stderr'),
  data: fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 400 }),
    fc.integer({ min: 1, max: 70_000 }).map((length) => new Uint8Array(length).fill(length)),
  ),
});

/** What the collector must hold, the plain way. */
function plain(pieces: readonly { stream: string; data: Uint8Array }[], stream?: string): Buffer {
  return Buffer.concat(pieces.filter((one) => stream === undefined || one.stream === stream).map((one) => one.data));
}

describe('OutputCollector', () => {
  test('F19: keeps the bytes of each stream and of both together, whatever the pieces', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const collector = new OutputCollector();
        for (const { stream, data } of pieces) collector.append(stream, data);
        const output = collector.finish(true);
        expect(collector.length).toBe(plain(pieces).length);
        expect(plain(pieces).equals(output.combined)).toBe(true);
        expect(plain(pieces, 'stdout').equals(output.stdout)).toBe(true);
        expect(plain(pieces, 'stderr').equals(output.stderr)).toBe(true);
        expect(output.truncated).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  test('takes back the end of the last piece, and goes on', () => {
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 10 }), fc.nat(), piece, (pieces, place, more) => {
        const collector = new OutputCollector();
        for (const { stream, data } of pieces) collector.append(stream, data);
        const last = pieces.at(-1)!;
        const bytes = place % (last.data.length + 1);
        collector.dropLast(bytes);
        collector.append(more.stream, more.data);
        const left = { ...last, data: last.data.subarray(0, last.data.length - bytes) };
        const expected = [...pieces.slice(0, -1), left, more];
        const output = collector.finish(false);
        expect(plain(expected).equals(output.combined)).toBe(true);
        expect(plain(expected, 'stdout').equals(output.stdout)).toBe(true);
        expect(plain(expected, 'stderr').equals(output.stderr)).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  test('keeps copies: a chunk of the stream may be used again', () => {
    const collector = new OutputCollector();
    const chunk = Buffer.from('first');
    collector.append('stdout', chunk);
    chunk.fill('x');
    expect(Buffer.from(collector.finish(false).stdout).toString()).toBe('first');
  });

  test('nothing', () => {
    const { combined, stdout, stderr } = new OutputCollector().finish(false);
    expect([combined.length, stdout.length, stderr.length]).toEqual([0, 0, 0]);
  });

  test('a million one-byte pieces cost little more than a million bytes', () => {
    const collector = new OutputCollector();
    const one = Buffer.from('x');
    const before = process.memoryUsage();
    for (let index = 0; index < 1_000_000; index += 1) collector.append('stdout', one);
    const after = process.memoryUsage();
    expect(collector.finish(false).stdout.length).toBe(1_000_000);
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(4_000_000);
  });
});
