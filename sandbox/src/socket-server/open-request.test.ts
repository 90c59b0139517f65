import { describe, expect, test } from 'vitest';
import { encodeOpenFrame } from '../socket/open-frame.ts';
import { encodeProbe } from '../socket/probe.ts';
import { parseOpenRequest } from './open-request.ts';

const MIB = 1024 * 1024;
const BOUNDS = { memoryBytes: 1024 * MIB, processes: 256, cpuMilli: 1000, deadlineMs: 86_400_000, outputBytes: MIB };
const LIMITS = { memoryBytes: 64 * MIB, processes: 16, cpuMilli: 1000, deadlineMs: 20_000 };

/** OPEN with bytes at an offset replaced. */
function changed(offset: number, bytes: readonly number[]): Buffer {
  const frame = Buffer.from(encodeOpenFrame(LIMITS));
  frame.set(bytes, offset);
  return frame;
}

describe('OPEN', () => {
  test('within bounds is taken as it is', () => {
    expect(parseOpenRequest(changed(0, []), BOUNDS)).toEqual({ kind: 'open', limits: LIMITS });
  });

  test('at the bounds is taken', () => {
    const { outputBytes: _output, ...most } = BOUNDS;
    expect(parseOpenRequest(Buffer.from(encodeOpenFrame(most)), BOUNDS)).toEqual({ kind: 'open', limits: most });
  });

  const ALL = Array<number>(8).fill(255);
  const NONE = Array<number>(8).fill(0);
  test.each([
    ['zeroes', Buffer.alloc(76), 'wrong length'],
    ['more bytes than there are', changed(0, [69]), 'wrong length'],
    ['another frame', changed(4, [0x01]), 'wrong frame type'],
    ['a step', changed(5, [1]), 'step and flags must be 0'],
    ['a flag', changed(6, [1]), 'step and flags must be 0'],
    ['another magic', changed(8, [0x53]), 'wrong magic'],
    ['a later version', changed(12, [2]), 'unknown version'],
    ['a reserved field', changed(14, [1]), 'reserved field must be 0'],
    ['no memory', changed(16, NONE), 'memoryBytes is out of bounds'],
    ['a byte of memory too much', changed(16, [1, 0, 0, 0x40]), 'memoryBytes is out of bounds'],
    ['all the memory there can be', changed(16, ALL), 'memoryBytes is out of bounds'],
    ['another size of /box', changed(24, [1]), 'boxBytes is out of bounds'],
    ['another size of /tmp', changed(32, [1]), 'tmpBytes is out of bounds'],
    ['another size of /dev/shm', changed(40, ALL), 'shmBytes is out of bounds'],
    ['another size of /program', changed(48, NONE), 'programBytes is out of bounds'],
    ['no inodes', changed(56, [0, 0]), 'boxInodes is out of bounds'],
    ['no processes', changed(60, [0]), 'processes is out of bounds'],
    ['257 processes', changed(60, [1, 1]), 'processes is out of bounds'],
    ['more than a core', changed(64, [0xe9, 3]), 'cpuMilli is out of bounds'],
    ['no deadline', changed(68, NONE), 'deadlineMs is out of bounds'],
    ['no end in a day', changed(68, [1, 0x5c, 0x26, 5]), 'deadlineMs is out of bounds'],
  ])('with %s is refused by name', (_, frame, reason) => {
    expect(parseOpenRequest(frame, BOUNDS)).toEqual({ kind: 'refused', reason: `OPEN: ${reason}` });
  });
});

describe('PROBE', () => {
  test('is a question', () => {
    expect(parseOpenRequest(encodeProbe(), BOUNDS)).toEqual({ kind: 'probe' });
  });

  test('that asks for something is refused', () => {
    const frame = encodeProbe();
    frame.writeUInt8(1, 75);
    expect(parseOpenRequest(frame, BOUNDS)).toEqual({ kind: 'refused', reason: 'OPEN: PROBE asks for nothing' });
  });
});
