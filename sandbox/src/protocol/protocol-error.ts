export type ProtocolErrorCode =
  /** `length` of a header is above the maximum. */
  | 'oversized'
  | 'unknown_type'
  | 'unknown_flags'
  /** Too few or too many bytes, a value outside its range, a wrong magic or version. */
  | 'bad_payload'
  /** A well-formed frame at a moment at which the protocol does not allow it. */
  | 'unexpected_frame';

/** The other side broke the protocol. Never the user program's doing, because what it prints is only payload. */
export class ProtocolError extends Error {
  readonly code: ProtocolErrorCode;

  constructor(code: ProtocolErrorCode, message: string) {
    super(message);
    this.name = 'ProtocolError';
    this.code = code;
  }
}
