import type { StepLimits, Verdict } from '@runyard/shared/domain';
import type { StepEnding } from '@runyard/sandbox';

export interface StepVerdict {
  readonly verdict: Verdict;
  readonly exitCode: number | null;
  /** Name of the signal that ended the main process, else null. */
  readonly signal: string | null;
  /** What happened, for a person; null after exit 0. */
  readonly sentence: string | null;
  /** True when the program's own last words (stderr) explain more than our sentence does. */
  readonly isProgramsDoing: boolean;
}

/** How a run step that ended so is judged. Total over all endings: a new one does not compile until it is judged here. */
export function judgeRun(ending: StepEnding, limits: StepLimits): StepVerdict {
  switch (ending.kind) {
    case 'exited':
      return ending.exitCode === 0
        ? { verdict: 'ok', exitCode: 0, signal: null, sentence: null, isProgramsDoing: true }
        : {
            verdict: 'runtime_error',
            exitCode: ending.exitCode,
            signal: null,
            sentence: `The program ended with exit code ${ending.exitCode}.`,
            isProgramsDoing: true,
          };
    case 'signalled':
      return {
        verdict: 'signalled',
        exitCode: null,
        signal: ending.signal,
        sentence: `The program was ended by ${ending.signal}.`,
        isProgramsDoing: true,
      };
    case 'not_started':
      return stopped('runtime_error', `The program could not be started: ${asSentence(ending.message)}`);
    case 'cpu_limit':
    case 'wall_limit':
    case 'memory_limit':
    case 'output_limit':
    case 'cancelled':
      return judgeStop(ending.kind, 'program', limits);
  }
}

/** The same for a compile step: whatever the compiler ends with by itself, crashes included, is a compile error. */
export function judgeCompile(ending: StepEnding, limits: StepLimits): StepVerdict {
  switch (ending.kind) {
    case 'exited':
      return ending.exitCode === 0
        ? { verdict: 'ok', exitCode: 0, signal: null, sentence: null, isProgramsDoing: true }
        : {
            verdict: 'compile_error',
            exitCode: ending.exitCode,
            signal: null,
            sentence: `The compiler ended with exit code ${ending.exitCode}.`,
            isProgramsDoing: true,
          };
    case 'signalled':
      return {
        verdict: 'compile_error',
        exitCode: null,
        signal: ending.signal,
        sentence: `The compiler was ended by ${ending.signal}.`,
        isProgramsDoing: true,
      };
    case 'not_started':
      return stopped('compile_error', `The compiler could not be started: ${asSentence(ending.message)}`);
    case 'cpu_limit':
    case 'wall_limit':
    case 'memory_limit':
    case 'output_limit':
    case 'cancelled':
      return judgeStop(ending.kind, 'compiler', limits);
  }
}

type Stop = Extract<StepEnding['kind'], 'cpu_limit' | 'wall_limit' | 'memory_limit' | 'output_limit' | 'cancelled'>;

function judgeStop(kind: Stop, who: 'program' | 'compiler', limits: StepLimits): StepVerdict {
  switch (kind) {
    case 'cpu_limit':
      return stopped('time_limit', `The ${who} used more than ${duration(limits.cpuTimeMs)} of CPU time.`);
    case 'wall_limit':
      return stopped('wall_time_limit', `The ${who} ran for longer than ${duration(limits.wallTimeMs)}.`);
    case 'memory_limit':
      return stopped('memory_limit', `The ${who} used more than ${size(limits.memoryBytes)} of memory.`);
    case 'output_limit':
      return stopped(
        'output_limit',
        `The ${who} printed more than ${size(limits.outputBytes)}; the first part is kept.`,
      );
    case 'cancelled':
      return stopped('cancelled', 'The job was cancelled.');
  }
}

function stopped(verdict: Verdict, sentence: string): StepVerdict {
  return { verdict, exitCode: null, signal: null, sentence, isProgramsDoing: false };
}

function asSentence(message: string): string {
  return message.endsWith('.') ? message : `${message}.`;
}

function duration(ms: number): string {
  return ms % 1000 === 0 || ms > 10_000 ? `${Math.round(ms / 100) / 10} s` : `${ms} ms`;
}

function size(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && value % 1024 === 0 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return bytes === 1 ? '1 byte' : `${value} ${units[unit]}`;
}
