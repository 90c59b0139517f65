import type { AbuseCase } from '../../case.ts';
import { submission } from '../../programs.ts';
import { compileError, COMPILER_STOPPED, prints } from './expectations.ts';

const ts = (code: string) => submission('typescript', `${code}\n`);
const digits = (name: string) => `type ${name} = ${Array.from('0123456789', (digit) => `'${digit}'`).join(' | ')};`;

export const TYPESCRIPT_CASES: readonly AbuseCase[] = [
  {
    id: 'C16',
    title: 'TypeScript: recursive conditional types, unions of 10^6, plugins, extends outside',
    tags: ['full'],
    expected: "a limit or the compiler's own error; no plugin is loaded, no configuration is read",
    acts: [
      {
        name: 'a conditional type that never ends',
        job: ts(
          'type Grow<T extends unknown[]> = T["length"] extends 99999999 ? T : Grow<[...T, ...T, 1]>;\nlet x: Grow<[1]>;\nexport {};',
        ),
        expect: COMPILER_STOPPED,
      },
      {
        name: 'recursion by tails up to the limit, many times',
        job: ts(
          `type Count<N extends number, T extends unknown[] = []> = T['length'] extends N ? T : Count<N, [...T, 1]>;\n${Array.from({ length: 400 }, (_, n) => `let v${n}: Count<${999 - n}>;`).join('\n')}\nexport {};`,
        ),
        expect: { verdicts: ['ok', ...COMPILER_STOPPED.verdicts], killWithinMs: 30_000 },
      },
      {
        name: 'a union of 10^6 strings',
        job: ts(
          `${digits('D')}\ntype Union = \`\${D}\${D}\${D}\${D}\${D}\${D}\`;\nlet x: Union = '000000';\nexport {};`,
        ),
        expect: compileError(/too complex to represent/),
      },
      {
        name: 'unions of 10^4 against each other',
        job: ts(
          `${digits('D')}\ntype A = \`a\${D}\${D}\${D}\${D}\`;\ntype Pair<X> = X extends string ? { [K in A]: [X, K] }[A] : never;\nlet x: Pair<A> = null!;\nlet y: Pair<Exclude<A, 'a0000'>> = x;\nexport {};`,
        ),
        expect: COMPILER_STOPPED,
      },
      {
        name: 'files outside by reference',
        job: ts('/// <reference path="/etc/passwd" />\n/// <reference types="../../../etc" />\nconsole.log(1);'),
        expect: compileError(/error TS(6053|6054|2688)/),
      },
      {
        name: 'an import of a file outside',
        job: ts("import secret from '/proc/self/environ';\nconsole.log(secret);"),
        expect: compileError(/Cannot find module|not a module|TS\d+/),
      },
      {
        name: 'options in comments, as if they were a configuration',
        job: ts(
          '// @plugin /box/evil.js\n// @extends /etc/passwd\n/* {"compilerOptions":{"plugins":[{"name":"/box/evil.js"}]},"extends":"/etc/passwd"} */\nconsole.log("ran");',
        ),
        expect: prints('ran\n'),
      },
      {
        name: 'checks switched off: the compile step is no wall, so nothing depends on it',
        job: ts('// @ts-nocheck\nconst x: number = "text";\nconsole.log(x);'),
        expect: prints('text\n'),
      },
      {
        name: '20 000 nested arrays',
        job: ts(`const x = ${'['.repeat(20_000)}${']'.repeat(20_000)};\nexport {};`),
        expect: { verdicts: ['ok', 'runtime_error', ...COMPILER_STOPPED.verdicts], killWithinMs: 30_000 },
      },
    ],
  },
];
