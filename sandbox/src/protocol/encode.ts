import { FLAG, FRAME, MAGIC, PROTOCOL_VERSION } from './constants.ts';
import { FrameWriter } from './frame-writer.ts';
import type {
  ArtifactFrame,
  EndFrame,
  FileFrame,
  HostFrame,
  OpenFrame,
  SandboxFrame,
  StepExitFrame,
  StepFrame,
} from './frames.ts';
import { CODES } from './frames.ts';

export type Frame = HostFrame | SandboxFrame;

/** One frame as bytes of its own. Throws RangeError for what no frame can carry. */
export function encodeFrame(frame: Frame): Buffer {
  const writer = new FrameWriter('data' in frame ? frame.data.length + 64 : 256);
  writeFrame(writer, frame);
  return writer.take();
}

/** Appends one frame. Throws RangeError for what no frame can carry. */
export function writeFrame(writer: FrameWriter, frame: Frame): void {
  writer.begin(FRAME[frame.type], 'step' in frame ? frame.step : 0, flagsOf(frame));
  writePayload(writer, frame);
  writer.end();
}

function flagsOf(frame: Frame): number {
  const isSet =
    ('isCompile' in frame && frame.isCompile) ||
    ('isAppend' in frame && frame.isAppend) ||
    ('isLast' in frame && frame.isLast) ||
    ('isClosed' in frame && frame.isClosed);
  return isSet ? FLAG : 0;
}

// oxlint-disable-next-line complexity -- one row per frame type
function writePayload(writer: FrameWriter, frame: Frame): void {
  switch (frame.type) {
    case 'open':
      return writeOpen(writer, frame);
    case 'helloHost':
      writeMagic(writer, MAGIC.hello);
      return writer.u64(frame.deadlineMs);
    case 'helloSandbox':
      return writeMagic(writer, MAGIC.hello);
    case 'step':
      return writeStep(writer, frame);
    case 'file':
    case 'artifact':
      return writeNamedData(writer, frame);
    case 'stdin':
    case 'stdout':
    case 'stderr':
      return writer.data(frame.data);
    case 'stdinCredit':
      return writer.u32(frame.bytes);
    case 'stepExit':
      return writeStepExit(writer, frame);
    case 'error':
      return writeNumberedText(writer, frame.code, frame.message);
    case 'launchError':
      return writeNumberedText(writer, frame.errno, frame.message);
    case 'end':
      return writeEnd(writer, frame);
    case 'go':
    case 'stdinEnd':
    case 'cancel':
    case 'ready':
    case 'done':
      return;
  }
}

function writeMagic(writer: FrameWriter, magic: string): void {
  writer.magic(magic);
  writer.u16(PROTOCOL_VERSION);
  writer.u16(0);
}

function writeNumberedText(writer: FrameWriter, number: number, text: string): void {
  writer.u32(number);
  writer.data(Buffer.from(text));
}

function writeOpen(writer: FrameWriter, frame: OpenFrame): void {
  writeMagic(writer, MAGIC.open);
  writer.u64(frame.memoryBytes);
  writer.u64(frame.boxBytes);
  writer.u64(frame.tmpBytes);
  writer.u64(frame.shmBytes);
  writer.u64(frame.programBytes);
  writer.u32(frame.boxInodes);
  writer.u32(frame.processes);
  writer.u32(frame.cpuMilli);
  writer.u64(frame.deadlineMs);
}

function writeStep(writer: FrameWriter, frame: StepFrame): void {
  writer.texts(frame.argv);
  writer.texts(frame.env);
  writer.u64(frame.wallTimeMs);
  writer.u64(frame.cpuTimeMs);
  writer.u64(frame.memoryBytes);
  writer.u64(frame.outputBytes);
  writer.u64(frame.fileBytes);
  writer.u64(frame.stackBytes);
  writer.u32(frame.processes);
  writer.u32(frame.openFiles);
  writer.texts(frame.patterns);
}

function writeNamedData(writer: FrameWriter, frame: FileFrame | ArtifactFrame): void {
  writer.text(frame.type === 'file' ? frame.path : frame.name);
  writer.u32(frame.mode);
  writer.data(frame.data);
}

function writeStepExit(writer: FrameWriter, frame: StepExitFrame): void {
  writer.u8(CODES.kind.indexOf(frame.kind));
  writer.u8(CODES.killReason.indexOf(frame.killReason));
  writer.u8(CODES.memorySource.indexOf(frame.memorySource));
  writer.u8(CODES.artifactError.indexOf(frame.artifactError));
  writer.u32(frame.value);
  writer.u64(frame.wallUs);
  writer.u64(frame.cpuUs);
  writer.u64(frame.memoryPeakBytes);
  writer.u64(frame.oomKills);
  writer.u64(frame.stdoutBytes);
  writer.u64(frame.stderrBytes);
  writer.u32(frame.processesPeak);
  writer.u32(frame.isTruncated ? 1 : 0);
  writer.u32(frame.artifactCount);
  writer.u32(0);
  writer.u64(frame.artifactBytes);
  writer.u64(0);
}

function writeEnd(writer: FrameWriter, frame: EndFrame): void {
  writer.magic(MAGIC.end);
  writer.u32(frame.waitStatus);
  writer.u64(frame.oomKills);
  writer.u64(frame.memoryPeakBytes);
  writer.u64(frame.cpuUs);
  writer.u32(frame.pidsPeak);
  writer.u32(CODES.cause.indexOf(frame.cause));
}
