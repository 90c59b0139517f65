import type { AbuseCase, HttpAct, JobAct } from '../../case.ts';
import { submission } from '../../programs.ts';
import { compileError, prints } from './expectations.ts';

/** Names under which other systems take options of the compiler. */
const FLAG_FIELDS = [
  'flags',
  'compilerOptions',
  'compiler_options',
  'compileArgs',
  'compile',
  'command',
  'argv',
  'filename',
];

const refusedField = (field: string): HttpAct => ({
  name: `field ${field}`,
  http: {
    method: 'POST',
    path: '/submit',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ language: 'c', code: 'int main(void) {}', [field]: ['-fplugin=/box/evil.so'] }),
  },
  expect: { statuses: [400], code: 'invalid_request', paths: [`/${field}`] },
});

/** What would make a compiler load or start something, if the variables of a submission reached it. */
const TOOL_VARIABLES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  c: {
    GCC_EXEC_PREFIX: '/box/',
    COMPILER_PATH: '/box',
    CPATH: '/box',
    LIBRARY_PATH: '/box',
    LD_PRELOAD: '/box/x.so',
    PATH: '/box',
  },
  go: { GOFLAGS: '-toolexec=/box/x', GOROOT: '/box', GOCACHE: '/box', CGO_ENABLED: '1', GOTOOLCHAIN: 'go1.99' },
  rust: { RUSTFLAGS: '-Clinker=/box/x', RUSTC_WRAPPER: '/box/x', RUSTC_BOOTSTRAP: '1', LD_LIBRARY_PATH: '/box' },
  java: { CLASSPATH: '/box', JDK_JAVAC_OPTIONS: '-processor Evil', _JAVA_OPTIONS: '-XX:Flags=/box/x' },
  haskell: { GHC_PACKAGE_PATH: '/box', GHC_ENVIRONMENT: '/box/env', GHCRTS: '-x' },
  typescript: { NODE_OPTIONS: '--no-warnings', TSC_NONPOLLING_WATCHER: '1' },
};

const PROGRAMS: Readonly<Record<string, string>> = {
  c: '#include <stdio.h>\nint main(void) { puts("ran"); }\n',
  go: 'package main\nimport "fmt"\nfunc main() { fmt.Println("ran") }\n',
  rust: 'fn main() { println!("ran"); }\n',
  java: 'public class Main { public static void main(String[] a) { System.out.println("ran"); } }\n',
  haskell: 'main :: IO ()\nmain = putStrLn "ran"\n',
  typescript: 'console.log("ran");\n',
};

const withVariables = (language: string): JobAct => ({
  name: `variables of ${language} tools`,
  job: submission(language, PROGRAMS[language] ?? '', { env: TOOL_VARIABLES[language] ?? {} }),
  // They reach the program, and a runtime may refuse to start with them; the compiler must not see them.
  expect: {
    verdicts: ['ok', 'runtime_error'],
    step: 'run',
    compileOutput: '',
    faults: ({ job }) => (job.compile?.verdict === 'ok' ? [] : [`the compile step is ${job.compile?.verdict}`]),
  },
});

const haskell = (options: string) =>
  submission('haskell', `{-# OPTIONS_GHC ${options} #-}\nmain :: IO ()\nmain = putStrLn "ran"\n`);

export const FLAG_CASES: readonly AbuseCase[] = [
  {
    id: 'C12',
    title: 'pragmas, fields, arguments and variables that would load code into a compiler',
    tags: ['full'],
    expected:
      'no submission can give a flag: unknown fields are refused; what a source asks for by itself starts nothing outside the sandbox',
    acts: [
      ...FLAG_FIELDS.map(refusedField),
      ...Object.keys(TOOL_VARIABLES).map(withVariables),
      {
        name: 'flags as arguments reach the program alone',
        job: submission(
          'c',
          '#include <stdio.h>\nint main(int n, char **v) { for (int i = 1; i < n; i++) puts(v[i]); }\n',
          {
            args: [
              '-fplugin=/box/evil.so',
              '-wrapper',
              '/bin/sh',
              '-specs=/box/s',
              '@/etc/passwd',
              '-B/box',
              '-o',
              '/etc/evil',
              '-x',
              'c++',
            ],
          },
        ),
        expect: {
          ...prints(
            '-fplugin=/box/evil.so\n-wrapper\n/bin/sh\n-specs=/box/s\n@/etc/passwd\n-B/box\n-o\n/etc/evil\n-x\nc++\n',
          ),
          compileOutput: '',
        },
      },
      {
        name: 'pragmas of gcc',
        job: submission(
          'c',
          '#pragma GCC plugin "/box/evil.so"\n#pragma GCC optimize("-fplugin=/box/evil.so")\n#pragma GCC pch_preprocess "/etc/passwd"\n#include <stdio.h>\nint main(void) { puts("ran"); }\n',
        ),
        expect: { verdicts: ['compile_error', 'ok'], stdout: /^(ran\n)?$/ },
      },
      {
        name: 'a plugin of ghc',
        job: haskell('-fplugin=Evil'),
        expect: compileError(/Could not find module/),
      },
      {
        name: 'an output elsewhere, by ghc',
        job: haskell('-o /etc/evil'),
        expect: { verdicts: ['ok', 'compile_error'], stdout: /^(ran\n)?$/ },
      },
      {
        name: 'a preprocessor of its own choice runs inside the sandbox, as its user',
        job: submission(
          'haskell',
          '{-# OPTIONS_GHC -F -pgmF /bin/sh #-}\nprintf \'main :: IO ()\\nmain = putStrLn "%s %s"\\n\' "$(id -u)" "$(grep -c . /proc/net/dev 2>/dev/null)" > "$2"\nexit 0\n',
        ),
        expect: { verdicts: ['ok'], stdout: /^2\d{5} [0-3]?\n$/ },
      },
    ],
  },
];
