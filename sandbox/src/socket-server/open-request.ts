/** The first frame of a connection, with the bounds of `sandbox/launcher/open.c` and the policy of whoever runs the launcher. */
import { FRAME, HEADER_BYTES, MAGIC, PROTOCOL_VERSION } from '../protocol/index.ts';
import type { PlaceLimits } from '../sandbox.ts';
import { DEFAULT_PLACE_SIZES } from '../socket/open-frame.ts';
import { OPEN_FRAME_BYTES, PROBE_TYPE } from '../socket/probe.ts';

/** The most that one place may have, and a step in it. */
export interface PlaceBounds {
  readonly memoryBytes: number;
  readonly processes: number;
  readonly cpuMilli: number;
  readonly deadlineMs: number;
  /** Of one step. What a client does not read is held in memory. */
  readonly outputBytes: number;
}

export type OpenRequest =
  | { readonly kind: 'open'; readonly limits: PlaceLimits }
  | { readonly kind: 'probe' }
  | { readonly kind: 'refused'; readonly reason: string };

const MIB = 2 ** 20;

interface Field {
  readonly name: string;
  readonly bytes: 4 | 8;
  readonly least: number;
  readonly most: number;
}

/** `bytes` has the length of OPEN. */
export function parseOpenRequest(bytes: Buffer, bounds: PlaceBounds): OpenRequest {
  const type = bytes.readUInt8(4);
  const problem = headProblem(bytes, type);
  if (problem !== null) return refused(problem);
  const body = bytes.subarray(HEADER_BYTES + MAGIC.open.length + 4);
  if (type === PROBE_TYPE)
    return body.every((byte) => byte === 0) ? { kind: 'probe' } : refused('PROBE asks for nothing');
  const values: Record<string, number> = {};
  let offset = 0;
  for (const field of fieldsOf(bounds)) {
    const value = field.bytes === 8 ? body.readBigUInt64LE(offset) : BigInt(body.readUInt32LE(offset));
    if (value < BigInt(field.least) || value > BigInt(field.most)) return refused(`${field.name} is out of bounds`);
    values[field.name] = Number(value);
    offset += field.bytes;
  }
  const { memoryBytes = 0, processes = 0, cpuMilli = 0, deadlineMs = 0 } = values;
  return { kind: 'open', limits: { memoryBytes, processes, cpuMilli, deadlineMs } };
}

function headProblem(bytes: Buffer, type: number): string | null {
  if (bytes.readUInt32LE(0) !== OPEN_FRAME_BYTES - HEADER_BYTES) return 'wrong length';
  if (type !== FRAME.open && type !== PROBE_TYPE) return 'wrong frame type';
  if (bytes.readUInt8(5) !== 0 || bytes.readUInt16LE(6) !== 0) return 'step and flags must be 0';
  if (bytes.toString('latin1', HEADER_BYTES, HEADER_BYTES + MAGIC.open.length) !== MAGIC.open) return 'wrong magic';
  if (bytes.readUInt16LE(HEADER_BYTES + 4) !== PROTOCOL_VERSION) return 'unknown version';
  if (bytes.readUInt16LE(HEADER_BYTES + 6) !== 0) return 'reserved field must be 0';
  return null;
}

/** In the order of the frame. Containers have one size of each file system: another one is refused, not ignored. */
function fieldsOf(bounds: PlaceBounds): readonly Field[] {
  return [
    { name: 'memoryBytes', bytes: 8, least: 4 * MIB, most: bounds.memoryBytes },
    exactly('boxBytes', 8),
    exactly('tmpBytes', 8),
    exactly('shmBytes', 8),
    exactly('programBytes', 8),
    exactly('boxInodes', 4),
    { name: 'processes', bytes: 4, least: 1, most: bounds.processes },
    // 10 = 1 ms per period, the least quota that the kernel takes.
    { name: 'cpuMilli', bytes: 4, least: 10, most: bounds.cpuMilli },
    { name: 'deadlineMs', bytes: 8, least: 1, most: bounds.deadlineMs },
  ];
}

function refused(reason: string): OpenRequest {
  return { kind: 'refused', reason: `OPEN: ${reason}` };
}

function exactly(name: keyof typeof DEFAULT_PLACE_SIZES, bytes: 4 | 8): Field {
  const size = DEFAULT_PLACE_SIZES[name];
  return { name, bytes, least: size, most: size };
}
