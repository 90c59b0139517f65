import { InvalidPlanError } from './invalid-plan-error.ts';
import type { CompilePlan, PlanFile, SandboxLimits, SandboxPlan, StepPlan } from './plan.ts';
import { encodeFrame, MAX_STEPS } from './protocol/index.ts';

/** One step in the order of the protocol: the compile step, if there is one, is number 0. */
export interface PreparedStep {
  readonly index: number;
  readonly isCompile: boolean;
  readonly isLast: boolean;
  readonly plan: StepPlan;
  /** Placed in /box before the step. Run steps after a compile step have /program instead. */
  readonly files: readonly PlanFile[];
  /** The STEP frame. */
  readonly definition: Buffer;
}

/** Bounds of PID 1 (`sandbox/PROTOCOL.md`). */
const MAX_STRINGS = 1024;
const MAX_PATTERNS = 64;
const MAX_NAME_BYTES = 255;
const MAX_PATH_BYTES = 1024;
const MAX_PATH_PARTS = 32;
const MIB = 2 ** 20;
const TIB = 2 ** 40;
const LIMIT_BOUNDS: Readonly<Record<keyof SandboxLimits, readonly [least: number, most: number]>> = {
  wallTimeMs: [1, 3_600_000],
  cpuTimeMs: [1, 3_600_000],
  memoryBytes: [MIB, TIB],
  outputBytes: [0, TIB],
  fileBytes: [0, TIB],
  stackBytes: [64 * 1024, TIB],
  processes: [1, 30_000],
  openFiles: [4, 1_048_576],
};

/** Checks the whole plan and puts it in the form the session sends. Throws InvalidPlanError. */
export function prepareSteps(plan: SandboxPlan): readonly PreparedStep[] {
  if (plan.runs.length === 0) throw new InvalidPlanError('a plan needs at least one run step');
  for (const file of plan.files) checkFile(file);
  const compiles = plan.compile === undefined ? [] : [plan.compile];
  const count = compiles.length + plan.runs.length;
  if (count > MAX_STEPS) throw new InvalidPlanError(`${count} steps are more than ${MAX_STEPS}`);
  return [...compiles, ...plan.runs].map((step, index) => {
    const isCompile = index < compiles.length;
    const files = isCompile || compiles.length === 0 ? plan.files : [];
    return {
      index,
      isCompile,
      isLast: index === count - 1,
      plan: step,
      files,
      definition: define(step, index, isCompile),
    };
  });
}

function define(step: StepPlan | CompilePlan, index: number, isCompile: boolean): Buffer {
  const env = Object.entries(step.env).map(([name, value]) => {
    if (name === '' || name.includes('=')) {
      throw new InvalidPlanError(`step ${index}: ${JSON.stringify(name)} names no variable`);
    }
    return `${name}=${value}`;
  });
  const patterns = 'outputs' in step && isCompile ? step.outputs : [];
  checkTexts(`step ${index}: argv`, step.argv, 1, MAX_STRINGS);
  if (step.argv[0] === '') throw new InvalidPlanError(`step ${index}: argv[0] is empty`);
  checkTexts(`step ${index}: env`, env, 0, MAX_STRINGS);
  checkTexts(`step ${index}: outputs`, patterns, isCompile ? 1 : 0, MAX_PATTERNS);
  if (!patterns.every(isPattern)) throw new InvalidPlanError(`step ${index}: outputs are names, with * and ?`);
  checkLimits(index, step.limits);
  const { wallTimeMs, cpuTimeMs, memoryBytes, outputBytes, fileBytes, stackBytes, processes, openFiles } = step.limits;
  const limits = { wallTimeMs, cpuTimeMs, memoryBytes, outputBytes, fileBytes, stackBytes, processes, openFiles };
  try {
    return encodeFrame({ type: 'step', step: index, isCompile, argv: step.argv, env, patterns, ...limits });
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    const message = `step ${index}: arguments and environment are too large: ${cause.message}`;
    throw new InvalidPlanError(message, { cause });
  }
}

function checkLimits(index: number, limits: SandboxLimits): void {
  for (const [name, [least, most]] of Object.entries(LIMIT_BOUNDS)) {
    const value = limits[name as keyof SandboxLimits];
    if (Number.isInteger(value) && value >= least && value <= most) continue;
    throw new InvalidPlanError(`step ${index}: ${name} of ${value} is not between ${least} and ${most}`);
  }
}

function isPattern(pattern: string): boolean {
  return pattern !== '' && !pattern.includes('/') && Buffer.byteLength(pattern) <= MAX_NAME_BYTES;
}

function checkTexts(what: string, texts: readonly string[], least: number, most: number): void {
  if (texts.length < least || texts.length > most) throw new InvalidPlanError(`${what}: ${texts.length} entries`);
  if (!texts.every(isPlainText)) throw new InvalidPlanError(`${what}: a text with NUL or half a character`);
}

function checkFile(file: PlanFile): void {
  const name = JSON.stringify(file.path);
  const parts = file.path.split('/');
  const isRelative = parts.every((part) => part !== '' && part !== '.' && part !== '..');
  const isShort = Buffer.byteLength(file.path) <= MAX_PATH_BYTES && parts.length <= MAX_PATH_PARTS;
  const fits = isShort && parts.every((part) => Buffer.byteLength(part) <= MAX_NAME_BYTES);
  if (!isRelative || !fits || !isPlainText(file.path)) throw new InvalidPlanError(`${name} is no path inside /box`);
  if (!Number.isInteger(file.mode) || file.mode < 0 || file.mode > 0o777)
    throw new InvalidPlanError(`${name}: mode ${file.mode}`);
}

function isPlainText(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}
