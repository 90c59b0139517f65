import { Duplex } from 'node:stream';
import { describe, expect, test, vi } from 'vitest';
import { ContainerStream } from './container-stream.ts';

/** The attach socket, as the launcher sees it. */
class FakeSocket extends Duplex {
  readonly written: Buffer[] = [];
  writeError: Error | null = null;

  override _read(): void {
    // Pushed by the test.
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.written.push(chunk);
    done(this.writeError);
  }
}

const END = Buffer.from('END');

function setUp(makeEnd: () => Promise<Buffer> = () => Promise.resolve(END)) {
  const socket = new FakeSocket();
  const diagnostics: string[] = [];
  const ends = vi.fn<() => Promise<Buffer>>(makeEnd);
  const stream = new ContainerStream(socket, {
    onDiagnostics: (text) => void diagnostics.push(String(text)),
    makeEnd: ends,
  });
  return { socket, stream, diagnostics, ends };
}

function chunk(number: 1 | 2, text: string | Buffer): Buffer {
  const data = Buffer.from(text);
  const header = Buffer.alloc(8);
  header.writeUInt8(number, 0);
  header.writeUInt32BE(data.length, 4);
  return Buffer.concat([header, data]);
}

async function readAll(stream: ContainerStream): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

describe('ContainerStream', () => {
  test('hands on stdout, keeps stderr for operators, and says END last', async () => {
    const { socket, stream, diagnostics } = setUp();
    socket.push(chunk(1, 'one '));
    socket.push(chunk(2, 'trouble'));
    socket.push(chunk(1, 'two '));
    socket.push(null);
    expect(await readAll(stream)).toBe('one two END');
    expect(diagnostics).toEqual(['trouble']);
  });

  test('reads the socket although nobody reads it', async () => {
    const { socket, stream } = setUp();
    for (let piece = 0; piece < 100; piece += 1) socket.push(chunk(1, Buffer.alloc(65_536)));
    await vi.waitFor(() => expect(stream.readableLength).toBe(100 * 65_536));
    expect(socket.isPaused()).toBe(false);
    expect(socket.readableLength).toBe(0);
    stream.destroy();
  });

  test('makes END once, however many witnesses there are', async () => {
    const { socket, stream, ends } = setUp();
    stream.finish();
    socket.push(null);
    socket.destroy(new Error('cut'));
    stream.finish();
    expect(await readAll(stream)).toBe('END');
    expect(ends).toHaveBeenCalledOnce();
  });

  test('EPIPE is no error of ours: END tells what became of PID 1', async () => {
    const { socket, stream } = setUp();
    socket.writeError = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });
    const isWritten = new Promise((resolve) => stream.write('input', resolve));
    expect(await readAll(stream)).toBe('END');
    expect(await isWritten).toBeFalsy();
    // And what is written when the socket is gone goes nowhere.
    expect(await new Promise((resolve) => stream.write('more', resolve))).toBeFalsy();
  });

  test('a write goes out as it is', async () => {
    const { socket, stream } = setUp();
    await new Promise((resolve) => stream.write('input', resolve));
    expect(Buffer.concat(socket.written).toString()).toBe('input');
    stream.destroy();
  });

  test('without END it breaks, with the reason', async () => {
    const { socket, stream } = setUp(() => Promise.reject(new Error('the engine does not answer')));
    socket.push(null);
    await expect(readAll(stream)).rejects.toThrow('the engine does not answer');
  });

  test('bytes that are no attach stream break it', async () => {
    const { socket, stream } = setUp();
    socket.push(Buffer.from('HTTP/1.1 500'));
    await expect(readAll(stream)).rejects.toThrow('broken header');
    expect(socket.destroyed).toBe(true);
  });

  test('destroying it closes the socket and asks nobody for END', async () => {
    const { socket, stream, ends } = setUp();
    stream.destroy();
    await vi.waitFor(() => expect(socket.closed).toBe(true));
    expect(ends).not.toHaveBeenCalled();
  });
});
