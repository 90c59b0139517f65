import fc from 'fast-check';
import type { EndFrame, Frame, HostFrame, SandboxFrame } from '../protocol/index.ts';
import { CODES } from '../protocol/index.ts';

const step = fc.integer({ min: 0, max: 255 });
const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const u64 = fc.oneof(fc.integer({ min: 0, max: 2 ** 33 }), fc.maxSafeNat());
const text = fc.string({ unit: 'binary', maxLength: 40 });
const texts = fc.array(text, { maxLength: 8 });
const data = fc
  .oneof(
    { weight: 8, arbitrary: fc.uint8Array({ maxLength: 300 }) },
    {
      weight: 1,
      arbitrary: fc.integer({ min: 60_000, max: 65_000 }).map((length) => new Uint8Array(length).fill(0xa5)),
    },
  )
  .map((bytes) => Buffer.from(bytes));

function oneOf<T extends string>(values: readonly (T | null)[]): fc.Arbitrary<T> {
  return fc.constantFrom(...values.filter((value) => value !== null));
}

export const endFrame: fc.Arbitrary<EndFrame> = fc.record({
  type: fc.constant('end'),
  waitStatus: u32,
  oomKills: u64,
  memoryPeakBytes: u64,
  cpuUs: u64,
  pidsPeak: u32,
  cause: oneOf(CODES.cause),
});

/** Every frame that PID 1 reads, with every field over its whole range. */
const supervisorInputFrame: fc.Arbitrary<HostFrame> = fc.oneof<fc.Arbitrary<HostFrame>[]>(
  fc.record({ type: fc.constant('helloHost'), deadlineMs: u64 }),
  fc.record({
    type: fc.constant('step'),
    step,
    isCompile: fc.boolean(),
    argv: texts,
    env: texts,
    wallTimeMs: u64,
    cpuTimeMs: u64,
    memoryBytes: u64,
    outputBytes: u64,
    fileBytes: u64,
    stackBytes: u64,
    processes: u32,
    openFiles: u32,
    patterns: texts,
  }),
  fc.record({ type: fc.constant('file'), step, isAppend: fc.boolean(), path: text, mode: u32, data }),
  fc.record({ type: fc.constant('go'), step, isLast: fc.boolean() }),
  fc.record({ type: fc.constant('stdin'), step, data }),
  fc.record({ type: fc.constant('stdinEnd'), step }),
  fc.record({ type: fc.constant('cancel'), step }),
);

const openFrame: fc.Arbitrary<HostFrame> = fc.record({
  type: fc.constant('open'),
  memoryBytes: u64,
  boxBytes: u64,
  tmpBytes: u64,
  shmBytes: u64,
  programBytes: u64,
  boxInodes: u32,
  processes: u32,
  cpuMilli: u32,
  deadlineMs: u64,
});

/** Every frame that the host reads. */
const sandboxFrame: fc.Arbitrary<SandboxFrame> = fc.oneof<fc.Arbitrary<SandboxFrame>[]>(
  fc.constantFrom({ type: 'helloSandbox' }, { type: 'ready' }, { type: 'done' }),
  fc.record({ type: fc.constantFrom('stdout', 'stderr'), step, data }),
  fc.record({ type: fc.constant('stdinCredit'), step, isClosed: fc.boolean(), bytes: u32 }),
  fc.record({
    type: fc.constant('stepExit'),
    step,
    kind: oneOf(CODES.kind),
    killReason: oneOf(CODES.killReason),
    memorySource: oneOf(CODES.memorySource),
    artifactError: oneOf(CODES.artifactError),
    value: u32,
    wallUs: u64,
    cpuUs: u64,
    memoryPeakBytes: u64,
    oomKills: u64,
    stdoutBytes: u64,
    stderrBytes: u64,
    processesPeak: u32,
    isTruncated: fc.boolean(),
    artifactCount: u32,
    artifactBytes: u64,
  }),
  fc.record({ type: fc.constant('artifact'), step, isAppend: fc.boolean(), name: text, mode: u32, data }),
  fc.record({ type: fc.constant('error'), code: u32, message: text }),
  fc.record({ type: fc.constant('launchError'), errno: u32, message: text }),
  endFrame,
);

export const anyFrame: fc.Arbitrary<Frame> = fc.oneof<fc.Arbitrary<Frame>[]>(
  supervisorInputFrame,
  openFrame,
  sandboxFrame,
);

/** The bytes cut at random places; empty chunks included. */
export function chunksOf(bytes: Buffer): fc.Arbitrary<Buffer[]> {
  return fc.array(fc.integer({ min: 0, max: bytes.length }), { maxLength: 12 }).map((cuts) => {
    const places = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
    return places.slice(1).map((place, index) => bytes.subarray(places[index], place));
  });
}
