/**
 * The question beside the one verb: PROBE in, FACTS out, or LAUNCH_ERROR while no place can be made. It is as long as OPEN,
 * so that a launcher reads the same number of bytes whatever comes.
 */
import { FRAME, HEADER_BYTES, MAGIC, MAX_PAYLOAD_BYTES, PROTOCOL_VERSION } from '../protocol/index.ts';
import { LauncherFailure } from './launcher-failure.ts';
import { type LauncherFacts, parseLauncherFacts } from './launcher-facts.ts';
import { connectLauncher } from './socket-place.ts';

export const OPEN_FRAME_BYTES = 76;
export const PROBE_TYPE = 0xa1;
const FACTS_TYPE = 0xc2;
const VERSION_OFFSET = HEADER_BYTES + MAGIC.open.length;
const LAUNCH_ERROR_TEXT_OFFSET = HEADER_BYTES + 4;

export function encodeProbe(): Buffer {
  const frame = Buffer.alloc(OPEN_FRAME_BYTES);
  frame.writeUInt32LE(OPEN_FRAME_BYTES - HEADER_BYTES, 0);
  frame.writeUInt8(PROBE_TYPE, 4);
  frame.write(MAGIC.open, HEADER_BYTES, 'latin1');
  frame.writeUInt16LE(PROTOCOL_VERSION, VERSION_OFFSET);
  return frame;
}

export function encodeFacts(text: string): Buffer {
  const payload = Buffer.from(text);
  if (payload.length > MAX_PAYLOAD_BYTES) throw new RangeError(`${payload.length} bytes of facts`);
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(payload.length, 0);
  header.writeUInt8(FACTS_TYPE, 4);
  return Buffer.concat([header, payload]);
}

/** Throws LauncherFailure: the socket is gone, no place can be made, or no answer within the deadline. */
export async function probeLauncher(socketPath: string, signal: AbortSignal): Promise<LauncherFacts> {
  const stream = await connectLauncher(socketPath, signal);
  const onAbort = (): void => void stream.destroy();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    stream.end(encodeProbe());
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > HEADER_BYTES + MAX_PAYLOAD_BYTES) break;
      chunks.push(chunk);
    }
    return readAnswer(Buffer.concat(chunks));
  } catch (error) {
    if (error instanceof LauncherFailure && !signal.aborted) throw error;
    const why = signal.aborted ? 'no answer in time' : String(error);
    throw new LauncherFailure(`the launcher at ${socketPath} does not answer: ${why}`, { cause: error });
  } finally {
    signal.removeEventListener('abort', onAbort);
    stream.destroy();
  }
}

function readAnswer(answer: Buffer): LauncherFacts {
  const isWhole = answer.length >= HEADER_BYTES && answer.readUInt32LE(0) === answer.length - HEADER_BYTES;
  if (isWhole && answer.readUInt8(4) === FRAME.launchError && answer.length >= LAUNCH_ERROR_TEXT_OFFSET)
    throw new LauncherFailure(answer.toString('utf8', LAUNCH_ERROR_TEXT_OFFSET));
  const isFacts = isWhole && answer.readUInt8(4) === FACTS_TYPE;
  const facts = isFacts ? parseLauncherFacts(answer.toString('utf8', HEADER_BYTES)) : null;
  if (facts === null) throw new LauncherFailure('what answers at the socket is no launcher');
  return facts;
}
