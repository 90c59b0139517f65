import { describe, expect, test } from 'vitest';
import { FrameReader, FrameWriter, MAX_PAYLOAD_BYTES, type Frame } from './protocol/index.ts';
import { StdinFeeder } from './stdin-feeder.ts';

function sent(feeder: StdinFeeder): string[] {
  const writer = new FrameWriter();
  feeder.write(writer);
  const frames: Frame[] = [];
  new FrameReader((frame) => frames.push(frame)).push(writer.take());
  return frames.map((frame) => (frame.type === 'stdin' ? `${frame.step}: ${frame.data.length}` : frame.type));
}

describe('StdinFeeder', () => {
  test('ends at once when there is nothing', () => {
    const feeder = new StdinFeeder(3, new Uint8Array(0));
    expect(sent(feeder)).toEqual(['stdinEnd']);
    expect(sent(feeder)).toEqual([]);
  });

  test('sends what the credit allows, then ends', () => {
    const feeder = new StdinFeeder(3, new Uint8Array(70_000));
    expect(sent(feeder)).toEqual(['3: 65536']);
    expect(sent(feeder)).toEqual([]);
    feeder.addCredit(64);
    expect(sent(feeder)).toEqual(['3: 64']);
    feeder.addCredit(65_536);
    expect(sent(feeder)).toEqual(['3: 4400', 'stdinEnd']);
    expect(sent(feeder)).toEqual([]);
  });

  test('exactly one window needs no further credit to end', () => {
    expect(sent(new StdinFeeder(0, new Uint8Array(65_536)))).toEqual(['0: 65536', 'stdinEnd']);
  });

  test('a credit above a frame is used by several', () => {
    const feeder = new StdinFeeder(0, new Uint8Array(300_000));
    sent(feeder);
    feeder.addCredit(200_000);
    expect(sent(feeder)).toEqual([
      `0: ${MAX_PAYLOAD_BYTES}`,
      `0: ${MAX_PAYLOAD_BYTES}`,
      `0: ${MAX_PAYLOAD_BYTES}`,
      '0: 3392',
    ]);
  });

  test('sends nothing more once it is closed, not even the end', () => {
    const feeder = new StdinFeeder(0, new Uint8Array(300_000));
    sent(feeder);
    feeder.addCredit(1000);
    feeder.close();
    expect(sent(feeder)).toEqual([]);
  });
});
