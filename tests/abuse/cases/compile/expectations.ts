import type { JobExpectation } from '../../case.ts';

/** No source of these cases may keep a compiler busy for longer than its limits plus what a loaded machine adds. */
const COMPILE_ENDS_MS = 33_000;

/** The compiler refused, in these words. */
export function compileError(words: RegExp): JobExpectation {
  return { verdicts: ['compile_error'], step: 'compile', compileOutput: words };
}

/** The compiler was stopped, or gave up before it had to be. */
export const COMPILER_STOPPED: JobExpectation = {
  verdicts: ['time_limit', 'wall_time_limit', 'memory_limit', 'output_limit', 'compile_error'],
  step: 'compile',
  killWithinMs: COMPILE_ENDS_MS,
};

/** Out of memory; at the very limit the kernel may throw out pages of the compiler itself and read them again until the time is over. */
export const COMPILER_OUT_OF_MEMORY: JobExpectation = {
  verdicts: ['memory_limit', 'time_limit', 'wall_time_limit'],
  step: 'compile',
  killWithinMs: COMPILE_ENDS_MS,
};

/** Compiled and ran as if nothing were. */
export function prints(stdout: string): JobExpectation {
  return { verdicts: ['ok'], stdout };
}
