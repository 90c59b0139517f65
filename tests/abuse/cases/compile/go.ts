import type { AbuseCase, SeenJob } from '../../case.ts';
import { submission } from '../../programs.ts';
import { compileError, COMPILER_STOPPED, prints } from './expectations.ts';

const go = (body: string) => submission('go', `package main\n${body}\n`);
const MAIN = 'func main() { print("ran") }';
const embed = (pattern: string) =>
  go(`import _ "embed"\n//go:embed ${pattern}\nvar text string\nfunc main() { print(text) }`);

/** 2^24 fields by types that hold each other twice. */
const DOUBLED_TYPES = Array.from({ length: 24 }, (_, n) => `type T${n + 1} struct { a, b T${n} }`).join('\n');

export const GO_CASES: readonly AbuseCase[] = [
  {
    id: 'C13',
    title: 'Go: embed, cgo, toolchain and download directives, generate',
    tags: ['full'],
    expected: 'compile errors; nothing is downloaded, run or written outside',
    acts: [
      { name: 'embed /etc/passwd', job: embed('/etc/passwd'), expect: compileError(/invalid pattern syntax/) },
      { name: 'embed ../etc/passwd', job: embed('../etc/passwd'), expect: compileError(/invalid pattern syntax/) },
      {
        name: 'embed a symlink, which only the program itself could make',
        job: embed('link'),
        expect: compileError(/no matching files found/),
      },
      {
        name: 'embed the own source',
        job: embed('main.go'),
        expect: { verdicts: ['ok'], stderr: /^package main\nimport _ "embed"/ },
      },
      {
        name: 'cgo with flags that load code',
        job: go(
          `/*\n#cgo CFLAGS: -fplugin=/box/evil.so\n#cgo LDFLAGS: -Wl,-plugin,/box/evil.so\n*/\nimport "C"\n${MAIN}`,
        ),
        expect: compileError(/no Go source files/),
      },
      {
        name: 'a toolchain that is not there',
        job: submission('go', `//go:build go1.99\n\npackage main\n${MAIN}\n`),
        expect: compileError(/requires newer Go version go1\.99/),
      },
      {
        name: 'a module to download',
        job: go('import "example.com/evil"\nfunc main() { evil.Run() }'),
        expect: compileError(/go\.mod file not found/),
      },
      {
        name: 'an import path that climbs',
        job: go(`import "../../etc"\n${MAIN}`),
        expect: compileError(/relative import paths are not supported/),
      },
      {
        name: 'generate, which is not what build runs',
        job: go(
          '//go:generate sh -c "echo made > /box/made"\nimport "os"\nfunc main() { _, err := os.Stat("/box/made"); os.Stdout.WriteString(map[bool]string{true: "absent", false: "made"}[err != nil]) }',
        ),
        expect: prints('absent'),
      },
      {
        name: 'a line directive names another file, and nothing of it is quoted',
        job: go(`//line /etc/passwd:1\nvar x int = "y"\n${MAIN}`),
        expect: {
          ...compileError(/\/etc\/passwd:1: cannot use "y"/),
          faults: ({ job }: SeenJob) =>
            /root:/.test(job.compile?.output ?? '') ? ['the message quotes the other file'] : [],
        },
      },
      {
        name: 'an array of 2 GiB',
        job: go(`var big = [1 << 28]int{1}\n${MAIN}`),
        expect: compileError(/symbol too large/),
      },
      {
        name: 'types of 2^24 fields',
        job: go(`type T0 int\n${DOUBLED_TYPES}\nvar x T24\nfunc main() { print(x == T24{}) }`),
        expect: COMPILER_STOPPED,
      },
    ],
  },
];
