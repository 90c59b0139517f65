/** What follows a step: shared by the session, which acts on it, and the report, which tells it. */
import type { PreparedStep } from './prepared-steps.ts';
import type { StepExitFrame } from './protocol/index.ts';

/** Whether the next step may start: always after a run step, after a compile step only when it gave a program. */
export function leadsOn(step: PreparedStep, exit: StepExitFrame): boolean {
  return !step.isCompile || (isCompiled(exit) && exit.artifactError === 'none');
}

/** Why nothing can run although the compiler ended well; null otherwise. Shown to users. */
export function missingProgram(step: PreparedStep, exit: StepExitFrame): string | null {
  return step.isCompile && isCompiled(exit) ? ARTIFACT_FAULTS[exit.artifactError] : null;
}

function isCompiled(exit: StepExitFrame): boolean {
  return exit.kind === 'exited' && exit.value === 0 && !exit.isTruncated && exit.killReason === 'none';
}

const ARTIFACT_FAULTS: Readonly<Record<StepExitFrame['artifactError'], string | null>> = {
  none: null,
  no_match: 'the compiler ended without an error but left no program',
  no_room: 'what the compiler made is larger than there is room for',
  unreadable: 'what the compiler made is not an ordinary file',
};
