import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';

/** What became of a request body. Only `body` is good; the others each have their own answer. */
export type BodyOutcome =
  | { readonly kind: 'body'; readonly bytes: Buffer }
  | { readonly kind: 'too_large' }
  | { readonly kind: 'timed_out' }
  | { readonly kind: 'unknown_encoding' }
  /** The compressed stream is broken. */
  | { readonly kind: 'corrupt' }
  /** All readers together hold as much as they may. */
  | { readonly kind: 'busy' }
  /** The client went away. */
  | { readonly kind: 'gone' };

export interface BodyBounds {
  /** From the first byte asked for to the last one read. */
  readonly timeoutMs: number;
  /** Bytes that all requests together may hold while their bodies arrive. */
  readonly maxBufferedBytes: number;
}

/**
 * Reads request bodies into memory, bounded in size, time and sum. The size is counted after decompression and the reader
 * stops at the first byte too many, so neither a body without a length nor a compressed bomb costs more than the bound.
 * What is left of a refused body is not read here: the answer goes out first (see `send.ts`).
 */
export class BodyReader {
  readonly #bounds: BodyBounds;
  #bufferedBytes = 0;

  constructor(bounds: BodyBounds) {
    this.#bounds = bounds;
  }

  async read(request: IncomingMessage, maxBytes: number): Promise<BodyOutcome> {
    if (Number(request.headers['content-length'] ?? 0) > maxBytes) return { kind: 'too_large' };
    const decoder = decoderFor(request.headers['content-encoding']);
    if (decoder === undefined) return { kind: 'unknown_encoding' };
    return new Promise((resolve) => {
      this.#collect(request, decoder, maxBytes, resolve);
    });
  }

  #collect(
    request: IncomingMessage,
    decoder: (Readable & NodeJS.WritableStream) | null,
    maxBytes: number,
    resolve: (outcome: BodyOutcome) => void,
  ): void {
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    const source: Readable = decoder ? request.pipe(decoder) : request;
    const settle = (outcome: BodyOutcome) => {
      clearTimeout(timer);
      this.#bufferedBytes -= sizeBytes;
      source.off('data', onData).off('end', onEnd).off('error', onSourceError);
      request.off('close', onGone).off('error', onGone);
      request.on('error', ignore);
      if (decoder) {
        request.unpipe(decoder);
        source.on('error', ignore).destroy();
      }
      resolve(outcome);
    };
    const onData = (chunk: Buffer) => {
      sizeBytes += chunk.length;
      this.#bufferedBytes += chunk.length;
      if (sizeBytes > maxBytes) settle({ kind: 'too_large' });
      else if (this.#bufferedBytes > this.#bounds.maxBufferedBytes) settle({ kind: 'busy' });
      else chunks.push(chunk);
    };
    const onEnd = () => {
      const only = chunks.length === 1 ? chunks[0] : undefined;
      settle({ kind: 'body', bytes: only ?? Buffer.concat(chunks, sizeBytes) });
    };
    const onGone = () => {
      settle({ kind: 'gone' });
    };
    const onSourceError = () => {
      settle({ kind: decoder ? 'corrupt' : 'gone' });
    };
    const timer = setTimeout(() => {
      settle({ kind: 'timed_out' });
    }, this.#bounds.timeoutMs);
    source.on('data', onData).on('end', onEnd).on('error', onSourceError);
    request.on('error', onGone);
    // A complete request also closes, but with a decoder its end may come later than that.
    request.on('close', () => {
      if (!request.complete) onGone();
    });
  }
}

/** Null: none needed. Undefined: no such encoding here. */
function decoderFor(encoding: string | undefined): (Readable & NodeJS.WritableStream) | null | undefined {
  switch (encoding?.toLowerCase()) {
    case undefined:
    case 'identity':
      return null;
    case 'gzip':
    case 'x-gzip':
      return createGunzip();
    case 'deflate':
      return createInflate();
    case 'br':
      return createBrotliDecompress();
    default:
      return undefined;
  }
}

function ignore(): void {
  // The answer is already decided; a later error of the connection changes nothing.
}
