import { deflateRawSync, inflateRawSync } from 'node:zlib';
import {
  type CompileSummary,
  firstCodePoints,
  type JobOutcome,
  type JobTimings,
  PREVIEW_CODE_POINTS,
} from '../../domain/index.ts';

/** Values as the marshaller takes them. */
export type Attributes = Record<string, unknown>;

/** `CompileSummary.output` is at most 64 KiB; a record must fit into 400 KB whatever a caller gives. */
const MAX_COMPILER_TEXT = 64 * 1024;
/** An update pays for every started KiB of the item, and compiler messages shrink to a fifth. Below this it gains nothing. */
const MIN_DEFLATED_BYTES = 512;
const MAX_INFLATED_BYTES = 1024 * 1024;

/** What a member is that is not stored. `verdict` always is. */
const ABSENT: Omit<JobOutcome, 'verdict'> = {
  step: null,
  exitCode: null,
  signal: null,
  error: null,
  stdoutPreview: '',
  stderrPreview: '',
  outputPath: null,
  stdoutPath: null,
  stderrPath: null,
  outputBytes: 0,
  truncated: false,
  wallTimeMs: null,
  cpuTimeMs: null,
  memoryBytes: null,
  memorySource: null,
  oomInChild: false,
  execDurationMs: null,
  compile: null,
  timings: null,
};
const ABSENT_TIMINGS: Omit<JobTimings, 'queueMs' | 'sandboxMs'> = { compileMs: null, runMs: null, storeMs: null };
const ABSENT_COMPILE: Pick<CompileSummary, 'exitCode' | 'signal' | 'truncated'> = {
  exitCode: null,
  signal: null,
  truncated: false,
};

/** The outcome with its texts within their bounds, so that an accepted job can always be settled. */
export function boundedOutcome(outcome: JobOutcome): JobOutcome {
  const { error, stdoutPreview, stderrPreview, compile } = outcome;
  return {
    ...outcome,
    error: error === null ? null : firstCodePoints(error, PREVIEW_CODE_POINTS),
    stdoutPreview: firstCodePoints(stdoutPreview, PREVIEW_CODE_POINTS),
    stderrPreview: firstCodePoints(stderrPreview, PREVIEW_CODE_POINTS),
    compile: compile === null ? null : boundedCompile(compile),
  };
}

function boundedCompile(compile: CompileSummary): CompileSummary {
  const output = firstCodePoints(compile.output, MAX_COMPILER_TEXT);
  return output === compile.output ? compile : { ...compile, output, truncated: true };
}

export function encodeOutcome(outcome: JobOutcome): Attributes {
  const { compile, timings, ...others } = outcome;
  return {
    ...withoutDefaults(others, ABSENT),
    ...(compile === null ? {} : { compile: encodeCompile(compile) }),
    ...(timings === null ? {} : { timings: withoutDefaults(timings, ABSENT_TIMINGS) }),
  };
}

export function decodeOutcome(stored: Attributes): JobOutcome {
  const { compile, timings, ...others } = stored;
  return {
    ...ABSENT,
    ...(others as Pick<JobOutcome, 'verdict'>),
    compile: compile === undefined ? null : decodeCompile(compile as Attributes),
    timings: timings === undefined ? null : { ...ABSENT_TIMINGS, ...(timings as JobTimings) },
  };
}

function encodeCompile(compile: CompileSummary): Attributes {
  const { output, ...others } = compile;
  const isLong = Buffer.byteLength(output) >= MIN_DEFLATED_BYTES;
  // As JSON, which also carries what has no UTF-8.
  return {
    ...withoutDefaults(others, ABSENT_COMPILE),
    output: isLong ? deflateRawSync(JSON.stringify(output)) : output,
  };
}

function decodeCompile(stored: Attributes): CompileSummary {
  const { output, ...others } = stored;
  const text =
    output instanceof Uint8Array
      ? (JSON.parse(inflateRawSync(output, { maxOutputLength: MAX_INFLATED_BYTES }).toString()) as string)
      : (output as string);
  return { ...ABSENT_COMPILE, ...(others as unknown as CompileSummary), output: text };
}

function withoutDefaults(values: object, defaults: object): Attributes {
  const absent: Attributes = { ...defaults };
  return Object.fromEntries(Object.entries(values).filter(([name, value]) => value !== absent[name]));
}
