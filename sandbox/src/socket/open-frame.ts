import { encodeFrame } from '../protocol/index.ts';
import type { PlaceLimits } from '../sandbox.ts';

const MIB = 1024 * 1024;

/** Sizes of the writable file systems of a place. They count as memory: `memoryBytes` is what holds them together. */
export interface PlaceSizes {
  readonly boxBytes: number;
  readonly tmpBytes: number;
  readonly shmBytes: number;
  readonly programBytes: number;
  readonly boxInodes: number;
}

export const DEFAULT_PLACE_SIZES: PlaceSizes = {
  boxBytes: 64 * MIB,
  tmpBytes: 32 * MIB,
  shmBytes: 16 * MIB,
  programBytes: 64 * MIB,
  boxInodes: 4096,
};

/** The one frame that the launcher reads; bounds are checked there (`sandbox/launcher/open.c`). */
export function encodeOpenFrame(limits: PlaceLimits, sizes: PlaceSizes = DEFAULT_PLACE_SIZES): Uint8Array {
  return encodeFrame({
    type: 'open',
    memoryBytes: limits.memoryBytes,
    boxBytes: sizes.boxBytes,
    tmpBytes: sizes.tmpBytes,
    shmBytes: sizes.shmBytes,
    programBytes: sizes.programBytes,
    boxInodes: sizes.boxInodes,
    processes: limits.processes,
    cpuMilli: limits.cpuMilli,
    deadlineMs: Math.ceil(limits.deadlineMs),
  });
}
