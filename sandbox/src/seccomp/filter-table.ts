import { AUDIT_ARCH, type Architecture, filterProgram } from './bpf.ts';

const PER_LINE = 4;
const CONDITION: Readonly<Record<Architecture, string>> = { x86_64: '__x86_64__', aarch64: '__aarch64__' };

/** Content of `supervisor/filter-table.h`, which is committed: who builds the supervisor needs no Node. */
export function filterTable(): string {
  const architectures = Object.keys(AUDIT_ARCH) as Architecture[];
  return [
    '/* Made from sandbox/src/seccomp/policy.ts by `node sandbox/src/seccomp/main.ts`; a test compares. Not to be edited. */',
    ...architectures.flatMap((architecture, index) => [
      `#${index === 0 ? 'if' : 'elif'} defined(${CONDITION[architecture]})`,
      'static const struct sock_filter program[] = {',
      ...rows(architecture),
      '};',
    ]),
    '#else',
    '#error "no table of system calls for this architecture"',
    '#endif',
    '',
  ].join('\n');
}

function rows(architecture: Architecture): readonly string[] {
  const all = filterProgram(architecture).map(
    ({ code, jt, jf, k }) => `{0x${code.toString(16)}, ${jt}, ${jf}, 0x${k.toString(16)}},`,
  );
  const starts = all.map((_, index) => index).filter((index) => index % PER_LINE === 0);
  return starts.map((start) => `  ${all.slice(start, start + PER_LINE).join(' ')}`);
}
