import type { AbuseCase } from '../../case.ts';
import { submission } from '../../programs.ts';
import { compileError, COMPILER_OUT_OF_MEMORY, COMPILER_STOPPED } from './expectations.ts';

const rust = (code: string) => submission('rust', `${code}\n`);
const MAIN = 'fn main() { print!("ran"); }';
const constLoop = (attribute: string) => `${attribute}
const X: u64 = { let mut i = 0u64; while i < 100_000_000_000 { i += 1; } i };
fn main() { print!("{}", X); }`;

export const RUST_CASES: readonly AbuseCase[] = [
  {
    id: 'C14',
    title: 'Rust: build script, procedural macro, files of the host, macro recursion, constant evaluation',
    tags: ['full'],
    expected: 'nothing but rustc and the linker runs, inside the sandbox, within the limits',
    acts: [
      {
        name: 'include_bytes! of /etc/shadow',
        job: rust(`static S: &[u8] = include_bytes!("/etc/shadow");\n${MAIN}`),
        expect: compileError(/couldn't read `\/etc\/shadow`: No such file/),
      },
      {
        name: 'a module that is /etc/passwd',
        job: rust(`#[path = "/etc/passwd"]\nmod stolen;\n${MAIN}`),
        expect: compileError(/\| root:\*:0:0:/),
      },
      {
        name: 'env! of what the server might know',
        job: rust(
          'fn main() { print!("{:?}{:?}", option_env!("AWS_SECRET_ACCESS_KEY"), option_env!("RUNYARD_SECRET")); }',
        ),
        expect: { verdicts: ['ok'], stdout: 'NoneNone' },
      },
      {
        name: 'lines of a build script',
        job: rust(
          `// cargo:rustc-link-arg=-fplugin=/box/evil.so\nfn build() { println!("cargo:rustc-link-arg=-fplugin=/box/evil.so"); }\nfn main() { build(); }`,
        ),
        expect: { verdicts: ['ok'], stdout: 'cargo:rustc-link-arg=-fplugin=/box/evil.so\n' },
      },
      {
        name: 'a procedural macro, which is built and never called',
        job: rust(
          '#![crate_type = "proc-macro"]\nextern crate proc_macro;\n#[proc_macro]\npub fn evil(input: proc_macro::TokenStream) -> proc_macro::TokenStream { print!("called"); input }',
        ),
        // A shared library has no entry point: what the kernel starts there crashes or is refused.
        expect: { verdicts: ['signalled', 'runtime_error'], step: 'run', stdout: '', compileOutput: '' },
      },
      {
        name: 'a library instead of a program',
        job: rust('#![crate_type = "lib"]\npub fn f() {}'),
        expect: { verdicts: ['runtime_error'], step: 'run', error: /not a program for this machine/ },
      },
      {
        name: 'a library of its own choice for the linker',
        job: rust(`#[link(name = "/etc/passwd", kind = "dylib", modifiers = "+verbatim")]\nextern "C" {}\n${MAIN}`),
        expect: compileError(/linking with `cc` failed/),
      },
      {
        name: 'a macro that doubles itself',
        job: rust('macro_rules! twice { ($($x:tt)*) => { twice!($($x)* $($x)*) } }\nfn main() { twice!(a); }'),
        expect: COMPILER_STOPPED,
      },
      {
        name: 'a macro without end and without the limit of recursion',
        job: rust(
          '#![recursion_limit = "1000000"]\nmacro_rules! again { ($($x:tt)*) => { again!($($x)* a) } }\nfn main() { again!(a); }',
        ),
        expect: COMPILER_STOPPED,
      },
      {
        name: 'a constant that takes long',
        job: rust(constLoop('')),
        expect: compileError(/constant evaluation is taking a long time/),
      },
      {
        name: 'the same with the check off',
        job: rust(constLoop('#![allow(long_running_const_eval)]')),
        expect: COMPILER_STOPPED,
      },
      {
        name: 'types that double',
        job: rust('fn f<T: Copy>(n: u64, t: T) { if n > 0 { f(n - 1, (t, t)); } }\nfn main() { f(10, 1u8); }'),
        expect: compileError(/reached the recursion limit/),
      },
      {
        name: 'a static of 1 GiB',
        job: rust('static BIG: [u8; 1 << 30] = [1; 1 << 30];\nfn main() { print!("{}", BIG[5]); }'),
        expect: COMPILER_OUT_OF_MEMORY,
      },
    ],
  },
];
