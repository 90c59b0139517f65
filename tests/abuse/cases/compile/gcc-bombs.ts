import type { AbuseCase } from '../../case.ts';
import { submission } from '../../programs.ts';
import { COMPILER_OUT_OF_MEMORY, COMPILER_STOPPED } from './expectations.ts';

const MAIN = 'int main(void) { return 0; }\n';
const c = (code: string) => submission('c', code);
const cpp = (code: string) => submission('cpp', code);

/** Macros A, B, C …: A is `seed`, each next one is ten times the one before. */
function tenfold(seed: string, count: number): string {
  const names = Array.from('ABCDEFGHIJ').slice(0, count);
  return names.map((name, n) => `#define ${name} ${n === 0 ? seed : `${names[n - 1]} `.repeat(10)}\n`).join('');
}

/** The same with an argument in parentheses: E(x) stands in 100 000 of them. */
const NESTED = `#define A(x) ((((((((((x))))))))))\n${Array.from('BCDE')
  .map((name, n) => `#define ${name}(x) ${`${'ABCD'[n]}(`.repeat(10)}x${')'.repeat(10)}\n`)
  .join('')}`;

/** 10^(depth + 1) bytes of string. */
const strings = (depth: number) =>
  `${tenfold('"xxxxxxxxxx"', depth)}const char *text = ${'ABCDEFGHIJ'[depth - 1]};\n${MAIN}`;

const binaryTree = (type: string) => `
template <int depth, ${type} side> struct Tree {
  static const long value = Tree<depth - 1, side * 2>::value + Tree<depth - 1, side * 2 + 1>::value;
};
template <${type} side> struct Tree<0, side> { static const long value = 1; };
int main() { return Tree<40, 1>::value & 1; }
`;

const constexprLoops = (loops: number) => `
constexpr double sum() {
  double x = 0;
  ${'for (long i = 0; i < 10000000000L; i++) '.repeat(loops)}x += 1;
  return x;
}
constexpr double value = sum();
int main() { return value > 0; }
`;

/** Sources that cost a compiler out of proportion to their size. */
export const GCC_BOMB_CASES: readonly AbuseCase[] = [
  {
    id: 'C4',
    title: 'binary template recursion, 2^40 leaves',
    tags: ['full'],
    expected: 'a memory limit of the compile step',
    acts: [
      {
        name: 'long',
        job: cpp(binaryTree('long')),
        expect: COMPILER_OUT_OF_MEMORY,
      },
      {
        name: 'int, which overflows and is told each time',
        job: cpp(binaryTree('int')),
        expect: {
          verdicts: ['output_limit'],
          step: 'compile',
          truncated: true,
          outputBytes: { min: 65_536, max: 65_536 },
        },
      },
    ],
  },
  {
    id: 'C5',
    title: 'constexpr loop over 10^10 values',
    tags: ['full'],
    expected: "a compile error by the compiler's own limit, which no submission can raise",
    acts: [1, 2].map((loops) => ({
      name: `${loops} loops`,
      job: cpp(constexprLoops(loops)),
      expect: { verdicts: ['compile_error'], step: 'compile', compileOutput: /exceeds limit of 262144/ },
    })),
  },
  {
    id: 'C6',
    title: 'a macro that makes 10^7 strings',
    tags: ['full'],
    expected: 'a memory limit of the compile step',
    acts: [{ job: c(strings(8)), expect: COMPILER_OUT_OF_MEMORY }],
  },
  {
    id: 'C7',
    title: 'a file that includes itself twice',
    tags: ['fast', 'full'],
    expected: 'an output limit at exactly 64 KiB',
    acts: [
      {
        job: c(`#include __FILE__\n#include __FILE__\n${MAIN}`),
        expect: {
          verdicts: ['output_limit'],
          step: 'compile',
          truncated: true,
          outputBytes: { min: 65_536, max: 65_536 },
          killWithinMs: 12_000,
        },
      },
    ],
  },
  {
    id: 'C8',
    title: '3 000 expressions that do not fit std::map',
    tags: ['full'],
    expected: 'an output limit at exactly 64 KiB',
    acts: [
      {
        job: cpp(
          `#include <map>\n#include <string>\nstd::map<std::string, std::map<std::string, int>> m;\nint main() {\n${'m + m;\n'.repeat(3000)}}\n`,
        ),
        expect: {
          verdicts: ['output_limit'],
          step: 'compile',
          truncated: true,
          outputBytes: { min: 65_536, max: 65_536 },
          compileOutput: /no match for/,
        },
      },
    ],
  },
  {
    id: 'C9',
    title: 'output files of hundreds of megabytes',
    tags: ['full'],
    expected: 'a compile error that names the file size or the space',
    acts: [
      {
        name: 'an array of 1 GiB with a first value',
        job: c(`int big[1 << 28] = {1};\n${MAIN}`),
        expect: {
          verdicts: ['compile_error'],
          step: 'compile',
          compileOutput: /File size limit exceeded|File too large/,
        },
      },
      {
        name: '.fill of 800 MB',
        job: c(`__asm__(".data\\n.fill 800000000, 1, 7\\n.text");\n${MAIN}`),
        expect: {
          verdicts: ['compile_error'],
          step: 'compile',
          compileOutput: /File size limit exceeded|File too large/,
        },
      },
      {
        name: '60 MB, of which the program itself would be a second copy',
        job: c(`__asm__(".data\\n.fill 60000000, 1, 7\\n.text");\n${MAIN}`),
        expect: { verdicts: ['compile_error'], step: 'compile', compileOutput: /No space left on device/ },
      },
    ],
  },
  {
    id: 'C10',
    title: 'nesting without end',
    tags: ['full'],
    expected: 'a compile error by the crash of the compiler, or a limit; never an internal error',
    acts: [
      {
        name: '120 000 parentheses',
        job: c(`int main(void) { return ${'('.repeat(120_000)}0${')'.repeat(120_000)}; }\n`),
        expect: {
          verdicts: ['compile_error'],
          step: 'compile',
          compileOutput: /internal compiler error: Segmentation fault/,
        },
      },
      {
        name: '200 000 parentheses by macros',
        job: c(`${NESTED}int main(void) { return E(E(0)); }\n`),
        expect: COMPILER_STOPPED,
      },
      {
        name: '120 000 blocks',
        job: c(`int main(void) ${'{'.repeat(120_000)}${'}'.repeat(120_000)}\n`),
        expect: COMPILER_STOPPED,
      },
      {
        name: 'a pointer of 200 000 levels, which is fine',
        job: c(`int ${'*'.repeat(200_000)}p;\n${MAIN}`),
        expect: { verdicts: ['ok', 'compile_error'] },
      },
    ],
  },
  {
    id: 'C11',
    title: 'an initialiser of 1.5 million elements',
    tags: ['full'],
    expected: 'compiles and runs',
    acts: [
      {
        job: c(
          `${tenfold('1,2,3,4,5,6,7,8,9,10,', 6)}int many[] = {F E E E E E};\n#include <stdio.h>\nint main(void) { printf("%zu\\n", sizeof many / sizeof *many); }\n`,
        ),
        expect: { verdicts: ['ok'], stdout: '1500000\n' },
      },
    ],
  },
  {
    id: 'C20',
    title: 'the compiler proper is killed for memory, its driver ends with exit code 1',
    tags: ['fast', 'full'],
    expected: 'reported as memory, not as a compile error',
    acts: [
      {
        job: c(strings(9)),
        expect: {
          verdicts: ['memory_limit'],
          step: 'compile',
          error: /^The compiler used more than 512 MiB of memory\.$/,
        },
      },
    ],
  },
];
