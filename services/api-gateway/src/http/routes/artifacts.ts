import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Router } from 'express';
import type { ReadArtifact } from '../../application/read-artifact.ts';
import { type ByteRange, parseRange } from '../byte-range.ts';
import { abortedWhenGone } from '../client-gone.ts';
import { HttpError } from '../http-error.ts';
import { type Exchange, mount } from '../mount.ts';
import { Query } from '../query.ts';
import { sendEmpty } from '../send.ts';

/** Serves what signed links lead to, where no object store does. */
export function mountArtifacts(router: Router, readArtifact: ReadArtifact): void {
  mount(router, '/artifacts', { get: (exchange) => artifact(exchange, readArtifact) }, { withTail: true });
}

async function artifact({ request, response, tail }: Exchange, readArtifact: ReadArtifact): Promise<void> {
  const query = new Query(request, ['expires', 'name', 'signature']);
  const { fileName, sizeBytes, pieces } = await readArtifact.open({
    key: tail ?? '',
    expires: query.get('expires'),
    name: query.get('name'),
    signature: query.get('signature'),
  });
  const range = parseRange(request.headers.range, sizeBytes);
  if (range === 'unsatisfiable') {
    throw new HttpError(416, `The output has ${sizeBytes} bytes.`, { 'Content-Range': `bytes */${sizeBytes}` });
  }
  const part = range ?? { offset: 0, length: sizeBytes };
  setDownloadHeaders(response, fileName, part);
  if (range !== null) {
    response.setHeader('Content-Range', `bytes ${part.offset}-${part.offset + part.length - 1}/${sizeBytes}`);
  }
  response.statusCode = range === null ? 200 : 206;
  if (request.method === 'HEAD') sendEmpty(response, response.statusCode, {});
  else await sendPieces(response, pieces(part.offset, part.length));
}

/** A program wrote these bytes: no browser may show them as a page of this origin. */
function setDownloadHeaders(response: ServerResponse, fileName: string, part: ByteRange): void {
  const safeName = fileName.replaceAll(/[^A-Za-z0-9._-]/g, '_') || 'output';
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  response.setHeader('Content-Disposition', `attachment; filename="${safeName}"`);
  response.setHeader('Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'; sandbox");
  response.setHeader('Accept-Ranges', 'bytes');
  response.setHeader('Content-Length', part.length);
}

/** At the client's pace. An error after the first piece cuts the connection: the body is shorter than announced. */
async function sendPieces(response: ServerResponse, pieces: AsyncGenerator<Uint8Array>): Promise<void> {
  const signal = abortedWhenGone(response);
  for await (const piece of pieces) {
    if (signal.aborted) return;
    if (!response.write(piece)) await drained(response, signal);
  }
  response.end();
}

async function drained(response: ServerResponse, signal: AbortSignal): Promise<void> {
  try {
    await once(response, 'drain', { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
