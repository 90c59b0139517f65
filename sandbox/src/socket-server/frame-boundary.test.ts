import { expect, test } from 'vitest';
import { FrameBoundary } from './frame-boundary.ts';

/** Frames of 3, 0 and 300 bytes of payload: 11 + 8 + 308 bytes. */
const STREAM = Buffer.concat(
  [3, 0, 300].map((length) =>
    Buffer.concat([Buffer.from([length & 255, length >> 8, 0, 0, 0x83, 0, 0, 0]), Buffer.alloc(length, 0xff)]),
  ),
);

test.each([1, 2, 3, 7, 8, 11, 64, 400])('in chunks of %i bytes it is between frames exactly at their ends', (size) => {
  const boundary = new FrameBoundary();
  const ends: number[] = [];
  expect(boundary.isBetweenFrames).toBe(true);
  for (let offset = 0; offset < STREAM.length; offset += size) {
    boundary.push(STREAM.subarray(offset, offset + size));
    if (boundary.isBetweenFrames) ends.push(Math.min(offset + size, STREAM.length));
  }
  expect(ends).toEqual([11, 19, 327].filter((end) => end % size === 0 || end === 327));
});
