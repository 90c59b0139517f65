import type { AbuseCase } from '../../case.ts';
import { submission } from '../../programs.ts';
import { COMPILER_OUT_OF_MEMORY } from './expectations.ts';

const MAIN = 'int main(void) { return 0; }\n';
/** Every user of the image, none with a password. */
const FAKE_USERS = /^root:\*:0:0:.*\n([a-z0-9_-]+:[*x]:\d+:\d+:.*\n)+$/;

const c = (code: string, input = '') => submission('c', code, { input });

/** A program that prints the file which the assembler put into it. */
function printsIncluded(file: string): string {
  return `#include <stdio.h>
__asm__(".section .rodata\\n.globl first, last\\nfirst: .incbin \\"${file}\\"\\nlast: .byte 0\\n.text");
extern const char first[], last[];
int main(void) { fwrite(first, 1, (size_t)(last - first), stdout); }
`;
}

/** What a compiler reads besides the source: devices, pipes, files of the image, its own environment. */
export const GCC_INPUT_CASES: readonly AbuseCase[] = [
  {
    id: 'C1',
    title: 'include endless devices',
    tags: ['full'],
    expected: 'a memory limit of the compile step, or the refusal of the assembler; no endless wait',
    acts: [
      {
        name: '/dev/random',
        job: c(`#include "/dev/random"\n${MAIN}`),
        expect: COMPILER_OUT_OF_MEMORY,
      },
      {
        name: '/dev/zero',
        job: c(`#include "/dev/zero"\n${MAIN}`),
        expect: COMPILER_OUT_OF_MEMORY,
      },
      ...['/dev/urandom', '/dev/zero'].map((file) => ({
        name: `.incbin ${file}`,
        job: c(printsIncluded(file)),
        expect: { verdicts: ['compile_error' as const], step: 'compile' as const, compileOutput: /unable to include/ },
      })),
      {
        name: 'include_bytes! of /dev/zero',
        job: submission(
          'rust',
          'static ZEROS: &[u8] = include_bytes!("/dev/zero");\nfn main() { println!("{}", ZEROS.len()); }\n',
        ),
        expect: COMPILER_OUT_OF_MEMORY,
      },
      {
        name: '/dev/tty',
        job: c(`#include "/dev/tty"\n${MAIN}`),
        expect: { verdicts: ['compile_error'], step: 'compile', compileOutput: /No such file|No such device/ },
      },
    ],
  },
  {
    id: 'C2',
    title: 'include /dev/stdin',
    tags: ['fast', 'full'],
    expected: 'empty: the input is for the program, which then still gets all of it',
    acts: [
      {
        job: c(
          '#include "/dev/stdin"\n#include <stdio.h>\nint main(void) { for (int b; (b = getchar()) != EOF;) putchar(b); }\n',
          '#error input reached the compiler\n',
        ),
        expect: { verdicts: ['ok'], stdout: '#error input reached the compiler\n', compileOutput: '' },
      },
    ],
  },
  {
    id: 'C3',
    title: 'include or .incbin files of the image, of the kernel, of PID 1',
    tags: ['full'],
    expected:
      'users of the image without passwords, the fixed environment; nothing of PID 1; a message may quote one line',
    acts: [
      {
        name: 'include /etc/passwd',
        job: c(`#include "/etc/passwd"\n${MAIN}`),
        expect: { verdicts: ['compile_error'], step: 'compile', compileOutput: /\| root:\*:0:0:root:\/root:/ },
      },
      {
        name: '.incbin /etc/passwd',
        job: c(printsIncluded('/etc/passwd')),
        expect: { verdicts: ['ok'], stdout: FAKE_USERS },
      },
      ...['/etc/shadow', '/proc/1/environ', '/proc/1/root/etc/passwd', '/proc/1/mem', '/proc/1/fd/0'].map((file) => ({
        name: `include ${file}`,
        job: c(`#include "${file}"\n${MAIN}`),
        expect: {
          verdicts: ['compile_error' as const],
          step: 'compile' as const,
          compileOutput: /No such file or directory|Permission denied/,
        },
      })),
      {
        name: '.incbin /proc/1/fd/1',
        job: c(printsIncluded('/proc/1/fd/1')),
        expect: { verdicts: ['compile_error'], step: 'compile', compileOutput: /file not found/ },
      },
      {
        name: '.incbin /proc/self/environ',
        job: c(printsIncluded('/proc/self/environ')),
        expect: { verdicts: ['ok'], stdout: '' },
      },
      {
        name: 'include_str! of /proc/self/environ',
        job: submission(
          'rust',
          'fn main() { print!("{}", include_str!("/proc/self/environ").replace(char::from(0), "\\n")); }\n',
          {
            env: { SUBMITTED: 'not for the compiler' },
          },
        ),
        expect: {
          verdicts: ['ok'],
          stdout: /^PATH=[^\n]*\nHOME=\/box\nLANG=C\.UTF-8\nTMPDIR=\/tmp\nUSER=runyard\nLOGNAME=runyard\n$/,
        },
      },
    ],
  },
];
