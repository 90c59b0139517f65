import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AppError } from '../errors/index.ts';
import {
  MAX_COMPILE_LIMITS,
  MAX_RUN_LIMITS,
  MIN_LIMITS,
  resolveLimits,
  type RequestedLimits,
  type StepLimits,
} from './limits.ts';

const MIB = 1_048_576;
const plain = { limits: { run: {}, compile: {} } };
const FIELDS = Object.keys(MIN_LIMITS) as (keyof StepLimits)[];

function refusal(work: () => unknown): { code: string; errors: readonly { path: string; message: string }[] } {
  try {
    work();
  } catch (error) {
    if (error instanceof AppError) return { code: error.code, errors: error.errors };
    throw error;
  }
  throw new Error('nothing was refused');
}

test('the defaults are those of the decisions', () => {
  expect(resolveLimits(plain, undefined)).toEqual({
    run: {
      wallTimeMs: 10_000,
      cpuTimeMs: 10_000,
      memoryBytes: 256 * MIB,
      outputBytes: 4 * MIB,
      processes: 64,
      fileBytes: 64 * MIB,
      openFiles: 1024,
      stackBytes: 64 * MIB,
    },
    compile: {
      wallTimeMs: 30_000,
      cpuTimeMs: 10_000,
      memoryBytes: 512 * MIB,
      outputBytes: 65_536,
      processes: 128,
      fileBytes: 64 * MIB,
      openFiles: 1024,
      stackBytes: 64 * MIB,
    },
  });
});

test('the maxima of the run step are those of the decisions', () => {
  expect(MAX_RUN_LIMITS).toMatchObject({
    wallTimeMs: 60_000,
    cpuTimeMs: 60_000,
    memoryBytes: 1024 * MIB,
    outputBytes: 16 * MIB,
    processes: 256,
  });
});

test('EXEC_TIMEOUT_SEC is the default of wall and CPU time', () => {
  expect(resolveLimits(plain, undefined, 3).run).toMatchObject({ wallTimeMs: 3000, cpuTimeMs: 3000 });
});

test('a language has its own values, and the client goes before it', () => {
  const java = { limits: { run: { memoryBytes: 512 * MIB, processes: 128 }, compile: { memoryBytes: 1024 * MIB } } };
  const limits = resolveLimits(java, { processes: 10, compile: { memoryBytes: 300 * MIB } });
  expect(limits.run).toMatchObject({ memoryBytes: 512 * MIB, processes: 10 });
  expect(limits.compile.memoryBytes).toBe(300 * MIB);
});

test('what a language needs is also what a client may ask for', () => {
  const big = { limits: { run: { memoryBytes: 2048 * MIB }, compile: { wallTimeMs: 90_000 } } };
  expect(resolveLimits(big, { memoryBytes: 2048 * MIB, compile: { wallTimeMs: 90_000 } })).toMatchObject({
    run: { memoryBytes: 2048 * MIB },
    compile: { wallTimeMs: 90_000, cpuTimeMs: 90_000 },
  });
  expect(refusal(() => resolveLimits(big, { memoryBytes: 2048 * MIB + 1 })).code).toBe('limit_too_high');
});

function times(requested: RequestedLimits) {
  const { cpuTimeMs, wallTimeMs } = resolveLimits(plain, requested).run;
  return { cpuTimeMs, wallTimeMs };
}

describe('times', () => {
  test.each([
    ['CPU alone, short: CPU + 2 s', { cpuTimeMs: 500 }, { cpuTimeMs: 500, wallTimeMs: 2500 }],
    ['CPU alone, longer: three times', { cpuTimeMs: 1001 }, { cpuTimeMs: 1001, wallTimeMs: 3003 }],
    ['CPU alone, at the bend', { cpuTimeMs: 1000 }, { cpuTimeMs: 1000, wallTimeMs: 3000 }],
    ['CPU alone, high: wall at its maximum', { cpuTimeMs: 50_000 }, { cpuTimeMs: 50_000, wallTimeMs: 60_000 }],
    ['wall alone', { wallTimeMs: 700 }, { cpuTimeMs: 700, wallTimeMs: 700 }],
    ['both', { cpuTimeMs: 900, wallTimeMs: 100 }, { cpuTimeMs: 900, wallTimeMs: 100 }],
  ])('%s', (_name, requested, expected) => {
    expect(times(requested)).toEqual(expected);
  });

  test('undefined counts as not given', () => {
    expect(times({ cpuTimeMs: undefined, wallTimeMs: 700 })).toEqual({ cpuTimeMs: 700, wallTimeMs: 700 });
  });

  test('of the compile step follow the same rule within its own maxima', () => {
    expect(resolveLimits(plain, { compile: { wallTimeMs: 20_000 } }).compile).toMatchObject({
      wallTimeMs: 20_000,
      cpuTimeMs: 10_000,
    });
    expect(resolveLimits(plain, { compile: { cpuTimeMs: 1500 } }).compile).toMatchObject({
      wallTimeMs: 4500,
      cpuTimeMs: 1500,
    });
  });
});

describe('refusals', () => {
  test('name every field above its maximum by pointer, and what the maximum is', () => {
    expect(refusal(() => resolveLimits(plain, { memoryBytes: 1024 * MIB + 1, compile: { processes: 129 } }))).toEqual({
      code: 'limit_too_high',
      errors: [
        { path: '/limits/memoryBytes', message: 'must be at most 1073741824' },
        { path: '/limits/compile/processes', message: 'must be at most 128' },
      ],
    });
  });

  test.each([0, -1, NaN, Infinity, -Infinity, 1.5, 2 ** 53])('%d is no limit', (value) => {
    expect(refusal(() => resolveLimits(plain, { outputBytes: value }))).toEqual({
      code: 'invalid_request',
      errors: [{ path: '/limits/outputBytes', message: 'must be a positive integer' }],
    });
  });

  test.each(['5', null, true, [], {}])('%j is no number', (value) => {
    const requested = { wallTimeMs: value as unknown as number };
    expect(refusal(() => resolveLimits(plain, requested)).code).toBe('invalid_request');
  });

  test('too little to start a program is not a fault of ours', () => {
    expect(refusal(() => resolveLimits(plain, { memoryBytes: 1024 }))).toEqual({
      code: 'invalid_request',
      errors: [{ path: '/limits/memoryBytes', message: 'must be at least 4194304' }],
    });
  });
});

test('any request is either refused by name or answered as asked, within the bounds', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(anyStep(MAX_RUN_LIMITS), anyStep(MAX_COMPILE_LIMITS), (run, compile) => {
      try {
        const limits = resolveLimits(plain, { ...run, compile });
        seen.add('answered');
        return isAnswerTo(run, limits.run, MAX_RUN_LIMITS) && isAnswerTo(compile, limits.compile, MAX_COMPILE_LIMITS);
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        seen.add(error.code);
        const paths = error.errors.map(({ path }) => path);
        return paths.length > 0 && paths.every((path) => pointersOf(run, compile).has(path));
      }
    }),
    { numRuns: 500 },
  );
  expect([...seen].toSorted()).toEqual(['answered', 'invalid_request', 'limit_too_high']);
});

type Step = Readonly<Record<string, number | undefined>>;

function anyStep(max: StepLimits): fc.Arbitrary<Step> {
  return fc.record(Object.fromEntries(FIELDS.map((field) => [field, around(field, max)])));
}

/** Mostly absent or within the bounds, sometimes above, sometimes nonsense. */
function around(field: keyof StepLimits, max: StepLimits): fc.Arbitrary<number | undefined> {
  return fc.oneof(
    { arbitrary: fc.constant(undefined), weight: 20 },
    { arbitrary: fc.integer({ min: MIN_LIMITS[field], max: max[field] }), weight: 20 },
    { arbitrary: fc.integer({ min: max[field] + 1, max: Number.MAX_SAFE_INTEGER }), weight: 1 },
    { arbitrary: fc.oneof(fc.double(), fc.integer({ max: 0 })), weight: 1 },
  );
}

function isAnswerTo(requested: Step, limits: StepLimits, max: StepLimits): boolean {
  return FIELDS.every((field) => {
    const value = limits[field];
    const isAsAsked = requested[field] === undefined || requested[field] === value;
    return isAsAsked && Number.isSafeInteger(value) && value >= MIN_LIMITS[field] && value <= max[field];
  });
}

function pointersOf(run: Step, compile: Step): ReadonlySet<string> {
  const below = (prefix: string, step: Step) => Object.keys(step).map((field) => `${prefix}/${field}`);
  return new Set([...below('/limits', run), ...below('/limits/compile', compile)]);
}
