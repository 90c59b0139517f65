import { once } from 'node:events';
import { createServer, request, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BodyReader } from './body-reader.ts';

const MIB = 1024 * 1024;

/** A server that hands its requests over, and a client that posts pieces to it. */
async function openServer() {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const open = async (headers: Record<string, string> = {}) => {
    const client = request({ port, method: 'POST', headers, agent: false });
    client.on('error', () => undefined);
    client.flushHeaders();
    const [incoming] = (await once(server, 'request')) as [IncomingMessage];
    return { client, incoming };
  };
  return {
    open,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const BOUNDS = { timeoutMs: 5000, maxBufferedBytes: 100 * MIB };

describe('BodyReader', () => {
  it('gives the bytes as they were sent, whatever the pieces and the encoding', async () => {
    await using server = await openServer();
    const encoders = {
      identity: (bytes: Buffer) => bytes,
      gzip: gzipSync,
      deflate: deflateSync,
      br: brotliCompressSync,
    };
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 5000 }),
        fc.constantFrom(...(Object.keys(encoders) as (keyof typeof encoders)[])),
        fc.integer({ min: 1, max: 2000 }),
        async (bytes, encoding, pieceBytes) => {
          const { client, incoming } = await server.open({ 'Content-Encoding': encoding });
          const reading = new BodyReader(BOUNDS).read(incoming, 5000);
          const sent = encoders[encoding](Buffer.from(bytes));
          for (let at = 0; at < sent.length; at += pieceBytes) client.write(sent.subarray(at, at + pieceBytes));
          client.end();
          expect(await reading).toEqual({ kind: 'body', bytes: Buffer.from(bytes) });
          client.destroy();
        },
      ),
      { numRuns: 60 },
    );
  });

  it('takes exactly the bound, and not one byte more', async () => {
    await using server = await openServer();
    for (const [sizeBytes, kind] of [
      [1000, 'body'],
      [1001, 'too_large'],
    ] as const) {
      const { client, incoming } = await server.open();
      const reading = new BodyReader(BOUNDS).read(incoming, 1000);
      client.end(Buffer.alloc(sizeBytes));
      expect((await reading).kind).toBe(kind);
    }
  });

  it('stops a bomb at the bound: the rest is never unpacked', async () => {
    await using server = await openServer();
    const bomb = gzipSync(Buffer.alloc(200 * MIB));
    const { client, incoming } = await server.open({ 'Content-Encoding': 'gzip' });
    const before = process.memoryUsage();
    const reading = new BodyReader(BOUNDS).read(incoming, 10 * MIB);
    client.end(bomb);
    expect((await reading).kind).toBe('too_large');
    const after = process.memoryUsage();
    expect(after.external + after.arrayBuffers - before.external - before.arrayBuffers).toBeLessThan(64 * MIB);
  });

  it('refuses when all bodies together are too much, and forgets those that ended', async () => {
    await using server = await openServer();
    const reader = new BodyReader({ timeoutMs: 5000, maxBufferedBytes: 3 * MIB });
    const slow = await server.open();
    const slowBody = reader.read(slow.incoming, 2 * MIB);
    slow.client.write(Buffer.alloc(2 * MIB - 1));
    await expect.poll(() => slow.incoming.socket.bytesRead).toBeGreaterThan(2 * MIB);
    const other = await server.open();
    const otherBody = reader.read(other.incoming, 2 * MIB);
    other.client.end(Buffer.alloc(2 * MIB));
    expect(await otherBody).toEqual({ kind: 'busy' });
    slow.client.end('x');
    expect((await slowBody).kind).toBe('body');
    for (let round = 0; round < 5; round += 1) {
      const next = await server.open();
      const body = reader.read(next.incoming, 2 * MIB);
      next.client.end(Buffer.alloc(2 * MIB));
      expect((await body).kind).toBe('body');
    }
  });

  it('gives up on a body that does not come', async () => {
    await using server = await openServer();
    const { client, incoming } = await server.open();
    client.write('x');
    expect(await new BodyReader({ ...BOUNDS, timeoutMs: 20 }).read(incoming, 10)).toEqual({ kind: 'timed_out' });
  });

  it('notices that the client left, also behind a decoder', async () => {
    await using server = await openServer();
    for (const encoding of ['identity', 'gzip']) {
      const { client, incoming } = await server.open({ 'Content-Encoding': encoding });
      const reading = new BodyReader(BOUNDS).read(incoming, 10);
      client.write(gzipSync('x').subarray(0, 5));
      client.destroy();
      expect(await reading).toEqual({ kind: 'gone' });
    }
  });
});
