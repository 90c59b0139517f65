import { FLAG, FRAME, MAGIC } from './constants.ts';
import type { Frame } from './encode.ts';
import type { ArtifactFrame, EndFrame, FileFrame, OpenFrame, StepExitFrame, StepFrame } from './frames.ts';
import { CODES } from './frames.ts';
import { PayloadReader } from './payload-reader.ts';
import { ProtocolError } from './protocol-error.ts';

/** A frame cut out of the stream, its payload not looked at. */
export interface RawFrame {
  readonly type: number;
  readonly step: number;
  readonly flags: number;
  readonly payload: Buffer;
}

interface TypeRules {
  readonly name: Frame['type'];
  readonly hasStep: boolean;
  readonly allowedFlags: number;
}

const WITH_STEP: ReadonlySet<string> = new Set([
  'step',
  'file',
  'go',
  'stdin',
  'stdinEnd',
  'cancel',
  'stdout',
  'stderr',
  'stdinCredit',
  'stepExit',
  'artifact',
]);
const WITH_FLAG: ReadonlySet<string> = new Set(['step', 'file', 'go', 'stdinCredit', 'artifact']);

const RULES: ReadonlyMap<number, TypeRules> = new Map(
  (Object.keys(FRAME) as (keyof typeof FRAME)[]).map((name) => [
    FRAME[name],
    { name, hasStep: WITH_STEP.has(name), allowedFlags: WITH_FLAG.has(name) ? FLAG : 0 },
  ]),
);

/** Throws ProtocolError for a header that no side may send, before its payload is waited for. */
export function checkHeader(type: number, step: number, flags: number): void {
  const rules = RULES.get(type);
  if (rules === undefined) throw new ProtocolError('unknown_type', `frame type 0x${type.toString(16)}`);
  if ((flags & ~rules.allowedFlags) !== 0) {
    throw new ProtocolError('unknown_flags', `flags 0x${flags.toString(16)} on ${rules.name}`);
  }
  if (step !== 0 && !rules.hasStep) throw new ProtocolError('bad_payload', `step ${step} on ${rules.name}`);
}

/** Gives a frame its meaning. `data` fields are views of the payload. Throws nothing but ProtocolError. */
export function decodeFrame(raw: RawFrame): Frame {
  checkHeader(raw.type, raw.step, raw.flags);
  const reader = new PayloadReader(raw.payload);
  const frame = decodePayload(raw, reader);
  reader.end();
  return frame;
}

// oxlint-disable-next-line complexity -- one row per frame type
function decodePayload(raw: RawFrame, reader: PayloadReader): Frame {
  const { step } = raw;
  const hasFlag = raw.flags === FLAG;
  switch (raw.type) {
    case FRAME.stdout:
      return { type: 'stdout', step, data: reader.rest() };
    case FRAME.stderr:
      return { type: 'stderr', step, data: reader.rest() };
    case FRAME.stdinCredit:
      return { type: 'stdinCredit', step, isClosed: hasFlag, bytes: reader.u32() };
    case FRAME.stepExit:
      return decodeStepExit(step, reader);
    case FRAME.helloSandbox:
      reader.magicAndVersion(MAGIC.hello);
      return { type: 'helloSandbox' };
    case FRAME.ready:
      return { type: 'ready' };
    case FRAME.done:
      return { type: 'done' };
    case FRAME.end:
      return decodeEnd(reader);
    case FRAME.error:
      return { type: 'error', code: reader.u32(), message: reader.rest().toString() };
    case FRAME.launchError:
      return { type: 'launchError', errno: reader.u32(), message: reader.rest().toString() };
    case FRAME.artifact:
      return decodeArtifact(step, hasFlag, reader);
    case FRAME.open:
      return decodeOpen(reader);
    case FRAME.helloHost:
      reader.magicAndVersion(MAGIC.hello);
      return { type: 'helloHost', deadlineMs: reader.u64() };
    case FRAME.step:
      return decodeStep(step, hasFlag, reader);
    case FRAME.file:
      return decodeFile(step, hasFlag, reader);
    case FRAME.go:
      return { type: 'go', step, isLast: hasFlag };
    case FRAME.stdin:
      return { type: 'stdin', step, data: reader.rest() };
    case FRAME.stdinEnd:
      return { type: 'stdinEnd', step };
    case FRAME.cancel:
      return { type: 'cancel', step };
    default:
      throw new ProtocolError('unknown_type', `frame type 0x${raw.type.toString(16)}`);
  }
}

function decodeStepExit(step: number, reader: PayloadReader): StepExitFrame {
  const frame = {
    type: 'stepExit',
    step,
    kind: reader.code(CODES.kind, reader.u8()),
    killReason: reader.code(CODES.killReason, reader.u8()),
    memorySource: reader.code(CODES.memorySource, reader.u8()),
    artifactError: reader.code(CODES.artifactError, reader.u8()),
    value: reader.u32(),
    wallUs: reader.u64(),
    cpuUs: reader.u64(),
    memoryPeakBytes: reader.u64(),
    oomKills: reader.u64(),
    stdoutBytes: reader.u64(),
    stderrBytes: reader.u64(),
    processesPeak: reader.u32(),
    isTruncated: reader.code(['no', 'yes'], reader.u32()) === 'yes',
    artifactCount: reader.u32(),
  } as const;
  reader.zero32();
  const artifactBytes = reader.u64();
  reader.zero32();
  reader.zero32();
  return { ...frame, artifactBytes };
}

function decodeEnd(reader: PayloadReader): EndFrame {
  reader.magic(MAGIC.end);
  return {
    type: 'end',
    waitStatus: reader.u32(),
    oomKills: reader.u64(),
    memoryPeakBytes: reader.u64(),
    cpuUs: reader.u64(),
    pidsPeak: reader.u32(),
    cause: reader.code(CODES.cause, reader.u32()),
  };
}

function decodeArtifact(step: number, isAppend: boolean, reader: PayloadReader): ArtifactFrame {
  return { type: 'artifact', step, isAppend, name: reader.text(), mode: reader.u32(), data: reader.rest() };
}

function decodeFile(step: number, isAppend: boolean, reader: PayloadReader): FileFrame {
  return { type: 'file', step, isAppend, path: reader.text(), mode: reader.u32(), data: reader.rest() };
}

function decodeOpen(reader: PayloadReader): OpenFrame {
  reader.magicAndVersion(MAGIC.open);
  return {
    type: 'open',
    memoryBytes: reader.u64(),
    boxBytes: reader.u64(),
    tmpBytes: reader.u64(),
    shmBytes: reader.u64(),
    programBytes: reader.u64(),
    boxInodes: reader.u32(),
    processes: reader.u32(),
    cpuMilli: reader.u32(),
    deadlineMs: reader.u64(),
  };
}

function decodeStep(step: number, isCompile: boolean, reader: PayloadReader): StepFrame {
  return {
    type: 'step',
    step,
    isCompile,
    argv: reader.texts(),
    env: reader.texts(),
    wallTimeMs: reader.u64(),
    cpuTimeMs: reader.u64(),
    memoryBytes: reader.u64(),
    outputBytes: reader.u64(),
    fileBytes: reader.u64(),
    stackBytes: reader.u64(),
    processes: reader.u32(),
    openFiles: reader.u32(),
    patterns: reader.texts(),
  };
}
