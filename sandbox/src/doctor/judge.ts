import type { Check, Finding } from './check.ts';
import { ENGINE_CHECKS } from './checks/engine.ts';
import { HOST_CHECKS } from './checks/host.ts';
import { RESOURCE_CHECKS } from './checks/resources.ts';
import type { HostFacts } from './facts.ts';

export const ALL_CHECKS: readonly Check[] = [...HOST_CHECKS, ...RESOURCE_CHECKS, ...ENGINE_CHECKS];

export interface HostReport {
  readonly findings: readonly Finding[];
  /** Whether advised checks count as required (RUNYARD_STRICT). */
  readonly isStrict: boolean;
}

/** Pure: the same facts give the same findings, in the order of the checks. What does not apply here is left out. */
export function judge(facts: HostFacts, isStrict: boolean): HostReport {
  const findings = ALL_CHECKS.flatMap((check) => {
    const judgement = check.judge(facts);
    const { id, level, why, fix } = check;
    return judgement === null ? [] : [{ id, level, why, fix, ...judgement }];
  });
  return { findings, isStrict };
}

/**
 * What keeps jobs from being taken: required checks that do not hold. What cannot be seen from here stops a start only when it
 * is required and the operator asked for strictness.
 */
export function refusals({ findings, isStrict }: HostReport): readonly Finding[] {
  return findings.filter(({ level, status }) => {
    if (status === 'ok') return false;
    if (status === 'unknown') return isStrict && level === 'required';
    return isStrict || level === 'required';
  });
}
