import type { PlanFile } from './plan.ts';
import type { PreparedStep } from './prepared-steps.ts';
import type { FrameWriter } from './protocol/index.ts';
import { MAX_PAYLOAD_BYTES, writeFrame } from './protocol/index.ts';

/** Appends all that starts a step: FILE*, STEP, GO. */
export function writeStepStart(writer: FrameWriter, step: PreparedStep): void {
  for (const file of step.files) writeFile(writer, step.index, file);
  writer.data(step.definition);
  writeFrame(writer, { type: 'go', step: step.index, isLast: step.isLast });
}

/** One FILE frame, or several where the content needs more than one. */
function writeFile(writer: FrameWriter, step: number, file: PlanFile): void {
  const { path, mode, content } = file;
  const pieceBytes = MAX_PAYLOAD_BYTES - 2 * 4 - Buffer.byteLength(path);
  for (let offset = 0; offset === 0 || offset < content.length; offset += pieceBytes) {
    const data = content.subarray(offset, offset + pieceBytes);
    writeFrame(writer, { type: 'file', step, isAppend: offset > 0, path, mode, data });
  }
}
