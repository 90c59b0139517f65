/**
 * How a step ended, from evidence alone.
 *
 * There are two witnesses. PID 1 waited for the main process, knows for which reason it killed first, and counts what it
 * forwarded: its record cannot be forged, because a program's output is only payload. The launcher reads the kernel's
 * count of memory kills after PID 1 is gone. An exit code proves nothing: `exit(137)` is no kill.
 *
 * Rows, the first that holds wins:
 *
 * | evidence | ending |
 * | --- | --- |
 * | no record, the host had cancelled | cancelled |
 * | no record, kernel killed for memory | memory_limit |
 * | no record otherwise | none: a failure of the machinery |
 * | more printed than the limit, or killed for it | output_limit |
 * | at its wall limit or over its CPU limit, whatever main ended by | wall_limit, cpu_limit |
 * | killed for cancel, and main died of that SIGKILL | cancelled |
 * | main died of SIGKILL or SIGXCPU, unasked, with its CPU limit used up | cpu_limit (the kernel's backstop) |
 * | main died of SIGKILL and the kernel killed for memory | memory_limit |
 * | compile step, not exit 0, and the kernel killed for memory | memory_limit (a compiler driver exits 1 when its child dies) |
 * | main died of a signal | signalled |
 * | main never started | not_started |
 * | otherwise | exited |
 *
 * Limits are judged by what was measured, not by who was first: a program that exits by itself while the kill is on its way,
 * or before PID 1 looked, is over its limit. So no step is well and over a limit. Cancelling is different: a program that
 * exits before it has exited.
 */
import type { EndFrame, StepExitFrame } from './protocol/index.ts';
import type { StepEnding } from './report.ts';
import { SIGKILL, SIGXCPU, signalName } from './signals.ts';

export interface StepEvidence {
  readonly isCompile: boolean;
  readonly cpuTimeLimitMs: number;
  /** PID 1's record, null when PID 1 went without one. */
  readonly exit: StepExitFrame | null;
  /** Memory kills of the place that no record of a step accounts for, to be blamed on this step. */
  readonly unrecordedOomKills: EndFrame['oomKills'];
  /** The host had asked PID 1 to cancel. */
  readonly isCancelRequested: boolean;
}

export interface Conclusion {
  readonly ending: StepEnding;
  /** The kernel killed a process of the step for memory, but the ending is another. */
  readonly oomInChild: boolean;
}

/** Null when the evidence proves no ending. */
export function concludeEnding(evidence: StepEvidence): Conclusion | null {
  const { exit } = evidence;
  const wasOomKilled = evidence.unrecordedOomKills + (exit?.oomKills ?? 0) > 0;
  const ending = exit === null ? withoutRecord(evidence, wasOomKilled) : withRecord(evidence, exit, wasOomKilled);
  return ending && { ending, oomInChild: wasOomKilled && ending.kind !== 'memory_limit' };
}

function withoutRecord(evidence: StepEvidence, wasOomKilled: boolean): StepEnding | null {
  if (evidence.isCancelRequested) return { kind: 'cancelled' };
  return wasOomKilled ? { kind: 'memory_limit' } : null;
}

function withRecord(evidence: StepEvidence, exit: StepExitFrame, wasOomKilled: boolean): StepEnding {
  if (exit.isTruncated || exit.killReason === 'output') return { kind: 'output_limit' };
  return (
    endedByUs(exit) ??
    killedByKernel(evidence, exit, wasOomKilled) ??
    (exit.kind === 'signalled' ? signalled(exit.value) : endedByItself(exit))
  );
}

function endedByUs(exit: StepExitFrame): StepEnding | null {
  if (exit.kind === 'not_started') return null;
  switch (exit.killReason) {
    case 'wall':
      return { kind: 'wall_limit' };
    case 'cpu':
      return { kind: 'cpu_limit' };
    case 'cancel':
      return exit.kind === 'signalled' && exit.value === SIGKILL ? { kind: 'cancelled' } : null;
    case 'none':
    case 'output':
      return null;
  }
}

function killedByKernel(evidence: StepEvidence, exit: StepExitFrame, wasOomKilled: boolean): StepEnding | null {
  if (wasOomKilled) return isMemoryVictim(exit, evidence.isCompile) ? { kind: 'memory_limit' } : null;
  const isCpuSignal = exit.kind === 'signalled' && (exit.value === SIGKILL || exit.value === SIGXCPU);
  return isCpuSignal && exit.cpuUs >= evidence.cpuTimeLimitMs * 1000 ? { kind: 'cpu_limit' } : null;
}

function isMemoryVictim(exit: StepExitFrame, isCompile: boolean): boolean {
  if (exit.kind === 'signalled') return isCompile || exit.value === SIGKILL;
  return isCompile && exit.kind === 'exited' && exit.value !== 0;
}

function signalled(signalNumber: number): StepEnding {
  return { kind: 'signalled', signal: signalName(signalNumber), signalNumber };
}

function endedByItself(exit: StepExitFrame): StepEnding {
  if (exit.kind === 'not_started') return { kind: 'not_started', message: startFailure(exit.value) };
  return { kind: 'exited', exitCode: exit.value };
}

/** Shown to users, behind the words that something could not be started: about their program only. */
const START_FAILURES: Readonly<Record<number, string>> = {
  2: 'the program, or the interpreter that its first line names, does not exist',
  7: 'arguments and environment are too long',
  8: 'the file is not a program for this machine',
  12: 'not enough memory to start the program',
  13: 'the file is not executable',
  20: 'a part of the path of the program is not a directory',
  21: 'the program is a directory',
  26: 'the file is still open for writing',
  36: 'the name of the program is too long',
  40: 'too many symbolic links lead to the program',
};

/** What PID 1 says where it sets the limits itself and cannot, because memory is in use. */
export const NO_ROOM: StepEnding = { kind: 'not_started', message: startFailure(12) };

function startFailure(errno: number): string {
  return START_FAILURES[errno] ?? `error ${errno}`;
}
