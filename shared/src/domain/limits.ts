import { InvalidRequestError, LimitTooHighError, type FieldError } from '../errors/index.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

/** What one step (compile or run) may use. Sizes in bytes, times in milliseconds. */
export interface StepLimits {
  /** Time on the clock, from the start of the step to the end of its main process. */
  readonly wallTimeMs: number;
  /** CPU time of all processes of the step together. */
  readonly cpuTimeMs: number;
  /** Memory of all processes and in-memory files of the step together. */
  readonly memoryBytes: number;
  /** stdout and stderr together. */
  readonly outputBytes: number;
  readonly processes: number;
  /** Largest single file. */
  readonly fileBytes: number;
  readonly openFiles: number;
  readonly stackBytes: number;
}

export interface JobLimits {
  readonly run: StepLimits;
  readonly compile: StepLimits;
}

export type RequestedStepLimits = { readonly [K in keyof StepLimits]?: StepLimits[K] | undefined };

/** `limits` of a submission: the run step's own fields, and the compile step's one level below. */
export interface RequestedLimits extends RequestedStepLimits {
  readonly compile?: RequestedStepLimits | undefined;
}

/** EXEC_TIMEOUT_SEC when unset (system S1's default). */
export const DEFAULT_EXEC_TIMEOUT_SEC = 10;
/** Beyond a minute an answer belongs to a batch system, and a lease renewal every 15 s no longer bounds the damage of a lost worker. */
export const MAX_EXEC_TIMEOUT_SEC = 60;

// README.md shows these numbers to users. Wall and CPU of the run step come from EXEC_TIMEOUT_SEC.
const COMMON = {
  /** Equal to /box, which holds every file a program can write besides /tmp. */
  fileBytes: 64 * MIB,
  /** Linux' own default soft limit. */
  openFiles: 1024,
  /** Eight times Linux' default of 8 MiB: deep recursion is what contest programs do. */
  stackBytes: 64 * MIB,
} as const;

export const DEFAULT_RUN_LIMITS: StepLimits = {
  wallTimeMs: DEFAULT_EXEC_TIMEOUT_SEC * 1000,
  cpuTimeMs: DEFAULT_EXEC_TIMEOUT_SEC * 1000,
  memoryBytes: 256 * MIB,
  outputBytes: 4 * MIB,
  processes: 64,
  ...COMMON,
};

export const MAX_RUN_LIMITS: StepLimits = {
  wallTimeMs: MAX_EXEC_TIMEOUT_SEC * 1000,
  cpuTimeMs: MAX_EXEC_TIMEOUT_SEC * 1000,
  memoryBytes: 1024 * MIB,
  outputBytes: 16 * MIB,
  processes: 256,
  ...COMMON,
};

export const DEFAULT_COMPILE_LIMITS: StepLimits = {
  wallTimeMs: 30_000,
  cpuTimeMs: 10_000,
  memoryBytes: 512 * MIB,
  outputBytes: 64 * KIB,
  processes: 128,
  ...COMMON,
};

/** A client may lower the compile limits, not raise them: the toolchain is ours, and so is what it needs. */
export const MAX_COMPILE_LIMITS: StepLimits = { ...DEFAULT_COMPILE_LIMITS };

/**
 * Below these the sandbox itself could not start a program, and the fault would look like ours.
 * Memory: PID 1 and the first process of a step share the limit.
 */
export const MIN_LIMITS: StepLimits = {
  wallTimeMs: 1,
  cpuTimeMs: 1,
  memoryBytes: 4 * MIB,
  outputBytes: 1,
  processes: 1,
  fileBytes: 1,
  openFiles: 16,
  stackBytes: 128 * KIB,
};

const FIELDS = Object.keys(MIN_LIMITS) as (keyof StepLimits)[];

/**
 * The limits that a job runs under: server defaults, then the language's own, then the client's.
 *
 * Times: CPU is the wall time unless given; when only CPU is given, wall = max(3 x CPU, CPU + 2 s). A time that follows from the other
 * is capped at its maximum; a value that the client wrote never is. A language's own value may pass the maximum (it is the server's
 * data) and then is the maximum of that language.
 *
 * @throws LimitTooHighError above a maximum; InvalidRequestError for what is no positive integer or too small to start a program.
 *   Both name every bad field (`/limits/memoryBytes`, `/limits/compile/wallTimeMs`).
 */
export function resolveLimits(
  language: { readonly limits: { readonly run: Partial<StepLimits>; readonly compile: Partial<StepLimits> } },
  requested: RequestedLimits | undefined,
  execTimeoutSec: number = DEFAULT_EXEC_TIMEOUT_SEC,
): JobLimits {
  const timeoutMs = execTimeoutSec * 1000;
  const runDefaults = { ...DEFAULT_RUN_LIMITS, wallTimeMs: timeoutMs, cpuTimeMs: timeoutMs };
  const steps = {
    run: new StepResolver('/limits', layer(runDefaults, language.limits.run), MAX_RUN_LIMITS),
    compile: new StepResolver(
      '/limits/compile',
      layer(DEFAULT_COMPILE_LIMITS, language.limits.compile),
      MAX_COMPILE_LIMITS,
    ),
  };
  const limits = { run: steps.run.resolve(requested ?? {}), compile: steps.compile.resolve(requested?.compile ?? {}) };
  throwIfAny(
    [...steps.run.invalid, ...steps.compile.invalid],
    (errors) => new InvalidRequestError('A requested limit is not usable.', { errors }),
  );
  throwIfAny([...steps.run.tooHigh, ...steps.compile.tooHigh], (errors) => new LimitTooHighError(errors));
  return limits;
}

/** One step's defaults with the language's differences; its times follow the same rule as a client's. */
function layer(defaults: StepLimits, own: Partial<StepLimits>): StepLimits {
  return { ...defaults, ...own, ...timesOf(own, defaults, null) };
}

/** CPU and wall time from what was given, `max` capping only what was derived. */
function timesOf(
  given: RequestedStepLimits,
  defaults: StepLimits,
  max: StepLimits | null,
): Pick<StepLimits, 'wallTimeMs' | 'cpuTimeMs'> {
  const { cpuTimeMs: cpu, wallTimeMs: wall } = given;
  if (cpu !== undefined && wall !== undefined) return { cpuTimeMs: cpu, wallTimeMs: wall };
  if (cpu !== undefined)
    return { cpuTimeMs: cpu, wallTimeMs: Math.min(Math.max(3 * cpu, cpu + 2000), max?.wallTimeMs ?? Infinity) };
  if (wall !== undefined) return { cpuTimeMs: Math.min(wall, max?.cpuTimeMs ?? Infinity), wallTimeMs: wall };
  return { cpuTimeMs: defaults.cpuTimeMs, wallTimeMs: defaults.wallTimeMs };
}

class StepResolver {
  readonly invalid: FieldError[] = [];
  readonly tooHigh: FieldError[] = [];
  readonly #pointer: string;
  readonly #defaults: StepLimits;
  readonly #max: StepLimits;

  constructor(pointer: string, defaults: StepLimits, max: StepLimits) {
    this.#pointer = pointer;
    this.#defaults = defaults;
    this.#max = combine(max, defaults, Math.max);
  }

  resolve(requested: RequestedStepLimits): StepLimits {
    const given: { -readonly [K in keyof StepLimits]?: number } = {};
    for (const field of FIELDS) {
      const value = requested[field];
      if (value === undefined) continue;
      this.#check(field, value);
      given[field] = value;
    }
    return { ...this.#defaults, ...given, ...timesOf(given, this.#defaults, this.#max) };
  }

  #check(field: keyof StepLimits, value: number): void {
    const path = `${this.#pointer}/${field}`;
    if (!Number.isSafeInteger(value) || value <= 0) {
      this.invalid.push({ path, message: 'must be a positive integer' });
    } else if (value > this.#max[field]) {
      this.tooHigh.push({ path, message: `must be at most ${this.#max[field]}` });
    } else if (value < MIN_LIMITS[field]) {
      this.invalid.push({ path, message: `must be at least ${MIN_LIMITS[field]}` });
    }
  }
}

function combine(left: StepLimits, right: StepLimits, choose: (a: number, b: number) => number): StepLimits {
  return Object.fromEntries(FIELDS.map((field) => [field, choose(left[field], right[field])])) as unknown as StepLimits;
}

function throwIfAny(errors: FieldError[], make: (errors: FieldError[]) => Error): void {
  if (errors.length > 0) throw make(errors);
}
