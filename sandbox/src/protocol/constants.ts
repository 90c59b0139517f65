/** Numbers of `sandbox/PROTOCOL.md`. The C side has the same table in `sandbox/supervisor`. */

export const PROTOCOL_VERSION = 1;
export const HEADER_BYTES = 8;
export const MAX_PAYLOAD_BYTES = 65_536;
/** Header and payload of END: always the last bytes of a stream. */
export const END_FRAME_BYTES = 48;
/** What the host may send of a step's stdin before the first STDIN_CREDIT. */
export const IMPLIED_STDIN_CREDIT_BYTES = 65_536;
/** `step` is one byte. */
export const MAX_STEPS = 256;

export const FRAME = {
  open: 0xa0,
  helloHost: 0x01,
  step: 0x02,
  file: 0x03,
  go: 0x04,
  stdin: 0x05,
  stdinEnd: 0x06,
  cancel: 0x07,
  helloSandbox: 0x81,
  ready: 0x82,
  stdout: 0x83,
  stderr: 0x84,
  stdinCredit: 0x85,
  stepExit: 0x86,
  artifact: 0x87,
  done: 0x88,
  error: 0x89,
  end: 0xc0,
  launchError: 0xc1,
} as const;

/** Every frame has at most one flag, bit 0: COMPILE, APPEND, LAST or CLOSED. */
export const FLAG = 1;

export const MAGIC = { open: 'RYL1', hello: 'RYD1', end: 'RYE1' } as const;
