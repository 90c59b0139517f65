import { CALL_NUMBERS } from './call-numbers.ts';
import { treatmentOf } from './decide.ts';
import { type Check, ERRNO, ONLY_BEFORE_OUR_FILTER } from './policy.ts';

/** As the engine takes it in `SecurityOpt: seccomp=<JSON>` (OCI runtime specification, linux.seccomp). */
export interface SeccompProfile {
  readonly defaultAction: 'SCMP_ACT_ERRNO';
  readonly defaultErrnoRet: number;
  readonly archMap: readonly { readonly architecture: string; readonly subArchitectures: readonly string[] }[];
  readonly syscalls: readonly ProfileRule[];
}

interface ProfileRule {
  readonly names: readonly string[];
  readonly action: 'SCMP_ACT_ALLOW' | 'SCMP_ACT_ERRNO';
  readonly errnoRet?: number;
  readonly args?: readonly ProfileArgument[];
}

/** A masked comparison has the mask in `value`. */
export interface ProfileArgument {
  readonly index: number;
  readonly op: 'SCMP_CMP_MASKED_EQ' | 'SCMP_CMP_LT' | 'SCMP_CMP_GT';
  readonly value: number;
  readonly valueTwo: number;
}

const WHOLE = 0xffffffff;

/**
 * The same policy for the whole container, PID 1's first moments included. It is the outer lock: PID 1's own filter is stricter
 * in three points, and the stricter answer counts. There PR_SET_SECCOMP is refused, int 0x80 gets an errno where libseccomp
 * kills, and a refused value with waste in the upper half of its register is still refused (here ranges are of 64 bits).
 */
export function dockerProfile(): SeccompProfile {
  const names = Object.keys(CALL_NUMBERS);
  const having = (treatment: string): readonly string[] => names.filter((name) => treatmentOf(name) === treatment);
  return {
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: ERRNO.EPERM,
    archMap: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_AARCH64'].map((architecture) => ({ architecture, subArchitectures: [] })),
    syscalls: [
      { names: having('allow'), action: 'SCMP_ACT_ALLOW' },
      { names: having('OK'), action: 'SCMP_ACT_ERRNO', errnoRet: ERRNO.OK },
      { names: having('ENOSYS'), action: 'SCMP_ACT_ERRNO', errnoRet: ERRNO.ENOSYS },
      ...names.flatMap(guardedRules),
    ],
  };
}

function guardedRules(name: string): readonly ProfileRule[] {
  const treatment = treatmentOf(name);
  if (typeof treatment === 'string') return [];
  const early = ONLY_BEFORE_OUR_FILTER[name] ?? [];
  const checks = treatment.map((check) =>
    'refuse' in check ? { ...check, refuse: check.refuse.filter((value) => !early.includes(value)) } : check,
  );
  return alternatives(checks).map((args) => ({ names: [name], action: 'SCMP_ACT_ALLOW', args }));
}

/** Every way through the checks to "allow", each a list of comparisons that must all hold. */
function alternatives([check, ...rest]: readonly Check[]): readonly (readonly ProfileArgument[])[] {
  if (check === undefined) return [[]];
  const further = (start: readonly ProfileArgument[]) =>
    start.flatMap((argument) => alternatives(rest).map((others) => [argument, ...others]));
  if ('refuse' in check) return further(except(check.argument, check.refuse));
  const equal = (value: number): ProfileArgument => equals(check.argument, check.mask ?? WHOLE, value);
  if ('allowUnless' in check) {
    return [
      ...except(check.argument, check.allowUnless).map((argument) => [argument]),
      ...further(check.allowUnless.map(equal)),
    ];
  }
  return [...(check.allow ?? []).map((value) => [equal(value)]), ...further(check.pass.map(equal))];
}

function equals(index: number, mask: number, value: number): ProfileArgument {
  return { index, op: 'SCMP_CMP_MASKED_EQ', value: mask, valueTwo: value };
}

/** All values but these. One rule cannot compare one argument twice, hence below, above, and each in between. */
function except(index: number, values: readonly number[]): readonly ProfileArgument[] {
  const least = Math.min(...values);
  const most = Math.max(...values);
  const between = Array.from({ length: most - least }, (_, offset) => least + offset);
  return [
    { index, op: 'SCMP_CMP_LT', value: least, valueTwo: 0 },
    ...between.filter((value) => !values.includes(value)).map((value) => equals(index, WHOLE, value)),
    { index, op: 'SCMP_CMP_GT', value: most, valueTwo: 0 },
  ];
}
