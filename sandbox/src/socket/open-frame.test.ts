import { describe, expect, test } from 'vitest';
import { encodeOpenFrame } from './open-frame.ts';

const LIMITS = { memoryBytes: 0x1000_0000, processes: 64, cpuMilli: 1500, deadlineMs: 12_345.2 };

describe('encodeOpenFrame', () => {
  test('writes the bytes of PROTOCOL.md', () => {
    const sizes = { boxBytes: 0x01_0203_0405, tmpBytes: 2, shmBytes: 3, programBytes: 4, boxInodes: 4096 };
    const expected = [
      '44000000 a0 00 0000',
      '52594c31 0100 0000',
      '0000001000000000',
      '0504030201000000',
      '0200000000000000',
      '0300000000000000',
      '0400000000000000',
      '00100000',
      '40000000',
      'dc050000',
      '3a30000000000000',
    ];
    expect(Buffer.from(encodeOpenFrame(LIMITS, sizes)).toString('hex')).toBe(expected.join('').replaceAll(' ', ''));
  });

  test('gives 64, 32, 16 and 64 MiB and 4096 inodes by default', () => {
    const bytes = Buffer.from(encodeOpenFrame(LIMITS));
    expect(bytes).toHaveLength(76);
    expect([24, 32, 40, 48].map((offset) => Number(bytes.readBigUInt64LE(offset)) / 1024 / 1024)).toEqual([
      64, 32, 16, 64,
    ]);
    expect(bytes.readUInt32LE(56)).toBe(4096);
  });
});
