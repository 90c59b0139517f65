import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Demultiplexer } from './demultiplexer.ts';

function header(stream: number, length: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt8(stream, 0);
  bytes.writeUInt32BE(length, 4);
  return bytes;
}

function collect(): { demultiplexer: Demultiplexer; stdout: () => string; stderr: () => string } {
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  const demultiplexer = new Demultiplexer({ stdout: (data) => stdout.push(data), stderr: (data) => stderr.push(data) });
  return {
    demultiplexer,
    stdout: () => Buffer.concat(stdout).toString('latin1'),
    stderr: () => Buffer.concat(stderr).toString('latin1'),
  };
}

describe('Demultiplexer', () => {
  test('keeps the two streams apart', () => {
    const { demultiplexer, stdout, stderr } = collect();
    demultiplexer.push(
      Buffer.concat([header(1, 2), Buffer.from('ab'), header(2, 1), Buffer.from('!'), header(1, 1), Buffer.from('c')]),
    );
    expect([stdout(), stderr()]).toEqual(['abc', '!']);
  });

  test('payload that looks like a header is payload', () => {
    const { demultiplexer, stdout } = collect();
    demultiplexer.push(Buffer.concat([header(1, 8), header(2, 5)]));
    expect(stdout()).toBe('\u0002\0\0\0\0\0\0\u0005');
  });

  test.each([header(0, 1), header(3, 1), header(1, 2 * 1024 * 1024)])('refuses a broken header %#', (bytes) => {
    expect(() => collect().demultiplexer.push(bytes)).toThrow('broken header');
  });

  test('does not care how the bytes are cut', () => {
    const chunk = fc.record({ stream: fc.constantFrom(1, 2), data: fc.uint8Array({ maxLength: 40 }) });
    fc.assert(
      fc.property(fc.array(chunk), fc.array(fc.integer({ min: 1, max: 13 }), { minLength: 1 }), (chunks, cuts) => {
        const whole = Buffer.concat(
          chunks.flatMap(({ stream, data }) => [header(stream, data.length), Buffer.from(data)]),
        );
        const { demultiplexer, stdout, stderr } = collect();
        for (let at = 0, turn = 0; at < whole.length; turn += 1) {
          const size = cuts[turn % cuts.length] as number;
          demultiplexer.push(whole.subarray(at, at + size));
          at += size;
        }
        const expected = (stream: number) =>
          Buffer.concat(chunks.filter((one) => one.stream === stream).map((one) => one.data)).toString('latin1');
        expect([stdout(), stderr()]).toEqual([expected(1), expected(2)]);
      }),
    );
  });
});
