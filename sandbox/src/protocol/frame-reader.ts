import { END_FRAME_BYTES, FRAME, HEADER_BYTES, MAX_PAYLOAD_BYTES } from './constants.ts';
import { checkHeader, decodeFrame } from './decode.ts';
import type { Frame } from './encode.ts';
import type { EndFrame } from './frames.ts';
import { ProtocolError } from './protocol-error.ts';

/** What the end of a stream was. */
export interface StreamTail {
  /** END, also when its bytes were first taken for the missing ones of a half frame. */
  readonly end: EndFrame | null;
  /** The stream holds something that its writer may not send, other than a frame cut by the writer's death. */
  readonly isViolation: boolean;
  /** So many bytes at the end of the payload of the last frame handed out belong to END. */
  readonly swallowedBytes: number;
}

/**
 * Cuts a byte stream into frames, however it is chunked.
 *
 * Memory: at most one frame (64 KiB) and the last chunk are held. A payload that lies in one chunk is a view of it; one
 * that spans chunks is assembled once.
 *
 * Truncation: PID 1 can be killed in the middle of a frame, and the launcher then appends END to the half frame. END's
 * first bytes then pass for the missing ones, so the reader remembers the last 48 bytes of the stream whatever they
 * seemed to be, and `finish` says what they are.
 */
export class FrameReader {
  readonly #onFrame: (frame: Frame) => void;
  readonly #header = Buffer.alloc(HEADER_BYTES);
  #headerFilled = 0;
  /** Payload that spans chunks, else null. */
  #payload: Buffer | null = null;
  #payloadFilled = 0;
  #tail: Buffer = Buffer.alloc(0);
  #totalBytes = 0;
  /** Offset in the stream up to which bytes were looked at; stays at the fault. */
  #parsedBytes = 0;
  /** Offset in the stream at which the last frame handed out ended. */
  #goodBytes = 0;
  #lastPayloadBytes = 0;
  /** Offset of an END that came as a frame of its own, else -1. */
  #endFrameOffset = -1;
  #isBroken = false;

  /** `onFrame` is called once per frame, in order, from within `push`. What it throws comes out of `push`. */
  constructor(onFrame: (frame: Frame) => void) {
    this.#onFrame = onFrame;
  }

  /** Throws ProtocolError at the first fault. After it, further bytes are taken only for the tail. */
  push(chunk: Buffer): void {
    this.#totalBytes += chunk.length;
    this.#tail =
      chunk.length >= END_FRAME_BYTES ? chunk : Buffer.concat([this.#tail.subarray(-END_FRAME_BYTES), chunk]);
    if (this.#isBroken) return;
    try {
      this.#split(chunk);
    } catch (error) {
      this.#isBroken = true;
      throw error;
    }
  }

  /** To be called at the end of the stream. */
  finish(): StreamTail {
    const end = decodeEnd(this.#tail.subarray(-END_FRAME_BYTES));
    if (end === null) return { end, isViolation: this.#isBroken, swallowedBytes: 0 };
    const endOffset = this.#totalBytes - END_FRAME_BYTES;
    const isFrameOfItsOwn = this.#endFrameOffset === endOffset;
    const overlap = Math.max(0, this.#goodBytes - endOffset);
    return {
      end,
      isViolation: this.#isBroken && this.#parsedBytes <= endOffset,
      swallowedBytes: isFrameOfItsOwn ? 0 : Math.min(overlap, this.#lastPayloadBytes),
    };
  }

  #split(chunk: Buffer): void {
    let offset = 0;
    while (offset < chunk.length) {
      const taken =
        this.#headerFilled < HEADER_BYTES ? this.#fillHeader(chunk, offset) : this.#fillPayload(chunk, offset);
      offset += taken;
    }
  }

  #fillHeader(chunk: Buffer, offset: number): number {
    const taken = Math.min(HEADER_BYTES - this.#headerFilled, chunk.length - offset);
    chunk.copy(this.#header, this.#headerFilled, offset, offset + taken);
    this.#headerFilled += taken;
    this.#parsedBytes += taken;
    if (this.#headerFilled < HEADER_BYTES) return taken;
    const length = this.#header.readUInt32LE(0);
    if (length > MAX_PAYLOAD_BYTES) throw new ProtocolError('oversized', `a frame of ${length} bytes`);
    checkHeader(this.#header.readUInt8(4), this.#header.readUInt8(5), this.#header.readUInt16LE(6));
    if (length === 0) this.#emit(EMPTY);
    return taken;
  }

  #fillPayload(chunk: Buffer, offset: number): number {
    const length = this.#header.readUInt32LE(0);
    const taken = Math.min(length - this.#payloadFilled, chunk.length - offset);
    this.#parsedBytes += taken;
    if (taken === length) {
      this.#emit(chunk.subarray(offset, offset + taken));
      return taken;
    }
    this.#payload ??= Buffer.allocUnsafe(length);
    chunk.copy(this.#payload, this.#payloadFilled, offset, offset + taken);
    this.#payloadFilled += taken;
    if (this.#payloadFilled === length) this.#emit(this.#payload);
    return taken;
  }

  #emit(payload: Buffer): void {
    const type = this.#header.readUInt8(4);
    const frame = decodeFrame({
      type,
      step: this.#header.readUInt8(5),
      flags: this.#header.readUInt16LE(6),
      payload,
    });
    this.#headerFilled = 0;
    this.#payload = null;
    this.#payloadFilled = 0;
    if (type === FRAME.end) this.#endFrameOffset = this.#parsedBytes - END_FRAME_BYTES;
    this.#onFrame(frame);
    this.#goodBytes = this.#parsedBytes;
    this.#lastPayloadBytes = payload.length;
  }
}

const EMPTY = Buffer.alloc(0);

/** The frame if the 48 bytes are END, else null. */
function decodeEnd(bytes: Buffer): EndFrame | null {
  if (bytes.length !== END_FRAME_BYTES || bytes.readUInt32LE(0) !== END_FRAME_BYTES - HEADER_BYTES) return null;
  if (bytes.readUInt8(4) !== FRAME.end) return null;
  try {
    const frame = decodeFrame({
      type: FRAME.end,
      step: bytes.readUInt8(5),
      flags: bytes.readUInt16LE(6),
      payload: bytes.subarray(HEADER_BYTES),
    });
    return frame.type === 'end' ? frame : null;
  } catch {
    return null;
  }
}
