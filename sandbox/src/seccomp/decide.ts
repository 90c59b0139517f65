import { CALL_NUMBERS } from './call-numbers.ts';
import { ABSENT, ALLOWED, type Check, type ErrnoName, GUARDED, namesIn, PRETENDED } from './policy.ts';

/** What becomes of a call: `allow`, an errno, or checks of its arguments. */
export type Treatment = 'allow' | ErrnoName | readonly Check[];

const ALLOWED_NAMES = new Set(Object.values(ALLOWED).flatMap(namesIn));

/** Total: every name has a treatment, those of no known call that of calls to come. */
export function treatmentOf(name: string): Treatment {
  if (ALLOWED_NAMES.has(name)) return 'allow';
  if (PRETENDED.includes(name)) return 'OK';
  if (ABSENT.includes(name) || !(name in CALL_NUMBERS)) return 'ENOSYS';
  return GUARDED[name] ?? 'EPERM';
}

/** What one call with these arguments gets; the reference that both filters are held against. */
export function decide(name: string, args: readonly number[]): 'allow' | ErrnoName {
  const treatment = treatmentOf(name);
  return typeof treatment === 'string' ? treatment : decideByChecks(treatment, args);
}

function decideByChecks(checks: readonly Check[], args: readonly number[]): 'allow' | ErrnoName {
  for (const check of checks) {
    const value = ((args[check.argument] ?? 0) & (check.mask ?? 0xffffffff)) >>> 0;
    if ('allowUnless' in check) {
      if (!check.allowUnless.includes(value)) return 'allow';
    } else if ('refuse' in check) {
      if (check.refuse.includes(value)) return check.otherwise;
    } else {
      if (check.allow?.includes(value) === true) return 'allow';
      if (!check.pass.includes(value)) return check.otherwise;
    }
  }
  return 'allow';
}
