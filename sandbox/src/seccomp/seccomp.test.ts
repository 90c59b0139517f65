import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Architecture, AUDIT_ARCH, CODE, filterProgram, type Instruction, RETURN } from './bpf.ts';
import { CALL_NUMBERS } from './call-numbers.ts';
import { decide, treatmentOf } from './decide.ts';
import { dockerProfile, type ProfileArgument } from './docker-profile.ts';
import { filterTable } from './filter-table.ts';
import { ALLOWED, ERRNO, GUARDED, namesIn, ONLY_BEFORE_OUR_FILTER, REFUSED_THOUGH_USUAL } from './policy.ts';

const NAMES = Object.keys(CALL_NUMBERS);
const X32_BIT = 0x40000000;

interface Call {
  readonly arch: number;
  readonly number: number;
  readonly args: readonly number[];
}

/** What the kernel does with the program (net/core/filter.c), for the instructions that ours has. */
function execute(program: readonly Instruction[], { arch, number, args }: Call): number {
  const data = [number >>> 0, arch >>> 0, 0, 0, ...args.flatMap((argument) => [argument >>> 0, 0])];
  let accumulator = 0;
  for (let at = 0; ; at += 1) {
    const { code, jt, jf, k } = program[at] ?? { code: -1, jt: 0, jf: 0, k: 0 };
    if (code === CODE.ret) return k;
    if (code === CODE.load) accumulator = data[k / 4] ?? 0;
    else if (code === CODE.and) accumulator = (accumulator & k) >>> 0;
    else if (code === CODE.jumpAlways) at += k;
    else if (code === CODE.jumpIfEqual) at += accumulator === k >>> 0 ? jt : jf;
    else if (code === CODE.jumpIfAtLeast) at += accumulator >= k ? jt : jf;
    else throw new Error(`no such instruction at ${at}`);
  }
}

function meaning(value: number): string {
  if (value === RETURN.allow) return 'allow';
  return Object.entries(ERRNO).find(([, errno]) => value === (RETURN.errno | errno))?.[0] ?? `0x${value.toString(16)}`;
}

/** Arguments that come near every value that the policy looks for. */
function sampleArguments(name: string): readonly (readonly number[])[] {
  const checks = GUARDED[name] ?? [];
  const values = checks.flatMap((check) => [
    ...('pass' in check ? [...check.pass, ...(check.allow ?? [])] : []),
    ...('refuse' in check ? check.refuse : []),
    ...('allowUnless' in check ? check.allowUnless : []),
    ...(check.mask === undefined ? [] : [check.mask, check.mask & -check.mask]),
  ]);
  const near = [
    ...new Set([0, 1, 0x80000000, ...values.flatMap((value) => [value - 1, value, value + 1, value | 0x800])]),
  ];
  if (checks.length === 0) return [[0, 0, 0, 0]];
  return near.flatMap((a) =>
    near.flatMap((b) => (checks.length === 1 ? [[a, a, a, a]] : near.map((c) => [a, b, c, 0]))),
  );
}

describe.each(Object.keys(AUDIT_ARCH) as Architecture[])('the filter of PID 1 on %s', (architecture) => {
  const program = filterProgram(architecture);
  const arch = AUDIT_ARCH[architecture];
  const numberOf = (name: string) => CALL_NUMBERS[name]?.[architecture === 'x86_64' ? 0 : 1] ?? null;
  const run = (number: number, args: readonly number[] = []) => meaning(execute(program, { arch, number, args }));

  test('answers for every call and argument as the policy does', () => {
    for (const name of NAMES) {
      const number = numberOf(name);
      if (number === null) continue;
      for (const args of sampleArguments(name))
        expect([name, args, run(number, args)]).toEqual([name, args, decide(name, args)]);
    }
  });

  test('says ENOSYS for every number that is no call', () => {
    const known = new Set(NAMES.map(numberOf));
    const others = Array.from({ length: 2048 }, (_, number) => number).filter((number) => !known.has(number));
    const strange = [
      0x3fffffff,
      0x7fffffff,
      0x80000000,
      0xffffffff,
      ...NAMES.map((name) => X32_BIT | (numberOf(name) ?? 0)),
    ];
    for (const number of [...others, ...strange]) expect([number, run(number)]).toEqual([number, 'ENOSYS']);
  });

  test('says EPERM to another architecture, whatever the number', () => {
    const others = [0x40000003, 0x40000028, 0xc000003e, 0xc00000b7, 0].filter((other) => other !== arch);
    const calls = others.flatMap((other) => [0, 1, 20, 60, 500].map((number) => ({ arch: other, number, args: [] })));
    expect(new Set(calls.map((call) => meaning(execute(program, call))))).toEqual(new Set(['EPERM']));
  });

  test('is short enough for a search of ten comparisons, and for the kernel', () => {
    expect(program.length).toBeLessThan(400);
    expect(Math.max(...program.map(({ jt, jf }) => Math.max(jt, jf)))).toBeLessThanOrEqual(255);
  });
});

describe('the table of the supervisor', () => {
  test('is the one that the policy makes (node sandbox/src/seccomp/main.ts)', () => {
    const file = path.resolve(import.meta.dirname, '../../supervisor/filter-table.h');
    expect(readFileSync(file, 'utf8')).toBe(filterTable());
  });
});

function holds({ index, op, value, valueTwo }: ProfileArgument, args: readonly number[]): boolean {
  const argument = (args[index] ?? 0) >>> 0;
  if (op === 'SCMP_CMP_LT') return argument < value;
  if (op === 'SCMP_CMP_GT') return argument > value;
  return (argument & value) >>> 0 === valueTwo >>> 0;
}

describe('the profile of the engine', () => {
  const profile = dockerProfile();
  const inProfile = (name: string, args: readonly number[]): string => {
    const rules = profile.syscalls.filter((rule) => rule.names.includes(name));
    const rule = rules.find((candidate) => (candidate.args ?? []).every((argument) => holds(argument, args)));
    if (rule === undefined) return 'refused';
    return rule.action === 'SCMP_ACT_ALLOW' ? 'allow' : meaning(RETURN.errno | (rule.errnoRet ?? 0));
  };

  test('allows what the policy allows, and PID 1 its filter', () => {
    for (const name of NAMES) {
      const treatment = treatmentOf(name);
      const isFixed = treatment === 'OK' || treatment === 'ENOSYS';
      for (const args of sampleArguments(name)) {
        const early = ONLY_BEFORE_OUR_FILTER[name]?.includes(args[0] ?? 0) === true;
        const decided = early ? 'allow' : decide(name, args);
        const expected = decided === 'allow' || isFixed ? decided : 'refused';
        expect([name, args, inProfile(name, args)]).toEqual([name, args, expected]);
      }
    }
  });

  test('never compares one argument twice in a rule, which libseccomp reads as "or"', () => {
    for (const { names, args = [] } of profile.syscalls)
      expect([names[0], new Set(args.map(({ index }) => index)).size]).toEqual([names[0], args.length]);
  });

  test('has no architecture but the 64-bit ones', () => {
    expect(profile.archMap).toEqual([
      { architecture: 'SCMP_ARCH_X86_64', subArchitectures: [] },
      { architecture: 'SCMP_ARCH_AARCH64', subArchitectures: [] },
    ]);
  });
});

describe('the policy', () => {
  const allowed = Object.values(ALLOWED).flatMap(namesIn);

  test('names calls that there are, once each', () => {
    const named = [...allowed, ...Object.keys(GUARDED)];
    expect(named.filter((name) => !(name in CALL_NUMBERS))).toEqual([]);
    expect(named.filter((name, index) => named.indexOf(name) !== index)).toEqual([]);
  });

  test('refuses what it says it refuses', () => {
    const refused = Object.values(REFUSED_THOUGH_USUAL).flatMap(namesIn);
    expect(refused.filter((name) => treatmentOf(name) !== 'EPERM' || !(name in CALL_NUMBERS))).toEqual([]);
  });

  test.each([
    ['mount', 'EPERM'],
    ['unshare', 'EPERM'],
    ['io_uring_setup', 'EPERM'],
    ['bpf', 'EPERM'],
    ['keyctl', 'EPERM'],
    ['shmget', 'EPERM'],
    ['clone3', 'ENOSYS'],
    ['syncfs', 'OK'],
    ['a_call_to_come', 'ENOSYS'],
    ['read', 'allow'],
  ])('%s: %s', (name, expected) => {
    expect(treatmentOf(name)).toBe(expected);
  });
});
