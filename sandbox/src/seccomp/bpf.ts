import { CALL_NUMBERS } from './call-numbers.ts';
import { type Treatment, treatmentOf } from './decide.ts';
import { type Check, ERRNO, type ErrnoName } from './policy.ts';

/** One instruction of classic BPF, as `struct sock_filter` of linux/filter.h. */
export interface Instruction {
  readonly code: number;
  readonly jt: number;
  readonly jf: number;
  readonly k: number;
}

/** linux/audit.h. Both are little-endian, so the lower half of an argument comes first. */
export const AUDIT_ARCH = { x86_64: 0xc000003e, aarch64: 0xc00000b7 } as const;
export type Architecture = keyof typeof AUDIT_ARCH;

/** linux/bpf_common.h, linux/seccomp.h. */
export const CODE = {
  load: 0x20,
  and: 0x54,
  jumpAlways: 0x05,
  jumpIfEqual: 0x15,
  jumpIfAtLeast: 0x35,
  ret: 0x06,
} as const;
export const RETURN = { allow: 0x7fff0000, errno: 0x00050000 } as const;
/** Offsets in `struct seccomp_data`. */
const DATA = { number: 0, arch: 4, args: 16 } as const;
const LONGEST_SHORT_JUMP = 255;

const load = (k: number): Instruction => ({ code: CODE.load, jt: 0, jf: 0, k });
const ret = (k: number): Instruction => ({ code: CODE.ret, jt: 0, jf: 0, k });
const skipUnlessEqual = (k: number, jf: number): Instruction => ({ code: CODE.jumpIfEqual, jt: 0, jf, k });
const skipIfEqual = (k: number, jt: number): Instruction => ({ code: CODE.jumpIfEqual, jt, jf: 0, k });
const ALLOW = ret(RETURN.allow);
const fail = (errno: ErrnoName): Instruction => ret(RETURN.errno | ERRNO[errno]);

/**
 * The filter of PID 1 and all its children: the architecture, then a binary search over ranges of numbers that are treated
 * alike. The kernel finds out once which calls are allowed whatever their arguments and does not run the program for
 * them; the search is for the others. A foreign architecture (`int 0x80`) gets EPERM, since its numbers mean other calls.
 */
export function filterProgram(architecture: Architecture): readonly Instruction[] {
  const head = [load(DATA.arch), skipIfEqual(AUDIT_ARCH[architecture], 1), fail('EPERM'), load(DATA.number)];
  return [...head, ...search(rangesOf(architecture))];
}

interface Range {
  readonly first: number;
  readonly treatment: Treatment;
}

/** Without gaps from 0; the last one is all numbers to come, those of x32 (from 0x40000000) among them. */
function rangesOf(architecture: Architecture): readonly Range[] {
  const index = architecture === 'x86_64' ? 0 : 1;
  const treatments: Treatment[] = [];
  for (const [name, numbers] of Object.entries(CALL_NUMBERS)) {
    const number = numbers[index];
    if (number !== null) treatments[number] = treatmentOf(name);
  }
  const all = Array.from({ length: treatments.length + 1 }, (_, number) => treatments[number] ?? 'ENOSYS');
  return all
    .map((treatment, first) => ({ first, treatment }))
    .filter(({ treatment, first }) => first === 0 || typeof treatment !== 'string' || treatment !== all[first - 1]);
}

function search(ranges: readonly Range[]): readonly Instruction[] {
  const [only] = ranges;
  if (only === undefined) return [];
  if (ranges.length === 1) return treat(only.treatment);
  const middle = Math.ceil(ranges.length / 2);
  const lower = search(ranges.slice(0, middle));
  const upper = search(ranges.slice(middle));
  const k = ranges[middle]?.first ?? 0;
  if (lower.length <= LONGEST_SHORT_JUMP) {
    return [{ code: CODE.jumpIfAtLeast, jt: lower.length, jf: 0, k }, ...lower, ...upper];
  }
  const far: Instruction = { code: CODE.jumpAlways, jt: 0, jf: 0, k: lower.length };
  return [{ code: CODE.jumpIfAtLeast, jt: 0, jf: 1, k }, far, ...lower, ...upper];
}

function treat(treatment: Treatment): readonly Instruction[] {
  if (treatment === 'allow') return [ALLOW];
  return typeof treatment === 'string' ? [fail(treatment)] : [...treatment.flatMap(look), ALLOW];
}

function look(check: Check): readonly Instruction[] {
  const mask = check.mask === undefined ? [] : [{ code: CODE.and, jt: 0, jf: 0, k: check.mask }];
  const value = [load(DATA.args + 8 * check.argument), ...mask];
  if ('refuse' in check)
    return [...value, ...check.refuse.flatMap((k) => [skipUnlessEqual(k, 1), fail(check.otherwise)])];
  if ('allowUnless' in check) return [...value, ...passing(check.allowUnless), ALLOW];
  const allowed = (check.allow ?? []).flatMap((k) => [skipUnlessEqual(k, 1), ALLOW]);
  return [...value, ...allowed, ...passing(check.pass), fail(check.otherwise)];
}

/** Each value jumps over the rest of them and the one instruction that follows. */
function passing(values: readonly number[]): readonly Instruction[] {
  return values.map((k, index) => skipIfEqual(k, values.length - index));
}
