import type { AbuseCase } from '../../case.ts';
import { submission } from '../../programs.ts';
import { compileError, COMPILER_STOPPED, prints } from './expectations.ts';

const java = (code: string) => submission('java', `${code}\n`);
const MAIN = 'public static void main(String[] a) { System.out.print("ran"); }';

/** 10 × 10^9 characters as one constant. */
const HUGE_CONSTANT = Array.from('BCDEFGHIJ')
  .map((name, n) => `static final String ${name} = ${Array.from({ length: 10 }, () => 'ABCDEFGHI'[n]).join('+')};`)
  .join('\n');

export const JAVA_CASES: readonly AbuseCase[] = [
  {
    id: 'C15',
    title: 'Java: annotation processor, -J flags, a method of 64 KB, class name unlike the file, 10 000 classes',
    tags: ['full'],
    expected: 'processors are off, names are only names; what does not fit a class file is a compile error',
    acts: [
      {
        name: 'an annotation processor as source, named in a comment as options are',
        job: java(`// -J-Dx=y -processor Main -proc:full
import java.util.*;
import javax.annotation.processing.*;
import javax.lang.model.element.*;
@SupportedAnnotationTypes("*")
public class Main extends AbstractProcessor {
  public Main() { System.out.print("constructed by the compiler"); }
  public boolean process(Set<? extends TypeElement> types, RoundEnvironment round) { throw new Error("processed"); }
  ${MAIN}
}`),
        expect: { ...prints('ran'), compileOutput: '' },
      },
      {
        name: 'a method of more than 64 KB',
        job: java(
          `public class Main { ${MAIN}\n static int[] many() { return new int[] {${'100000,\n'.repeat(30_000)}}; } }`,
        ),
        expect: compileError(/code too large/),
      },
      { name: 'a class unlike the file', job: java(`public class Other { ${MAIN} }`), expect: prints('ran') },
      {
        name: 'a class name of other letters',
        job: java(`public class Ünï_ॐ$1 { ${MAIN} }`),
        expect: prints('ran'),
      },
      {
        name: 'a class name with characters that nobody sees',
        job: java(`public class A\\u0001\\u0000\\u001a\\u007fB { ${MAIN} }`),
        expect: prints('ran'),
      },
      {
        name: 'a class name that would be an option, an argument file, two words',
        job: java(`public class -version { ${MAIN} }\nclass @x { }\nclass A\\u0020B { }`),
        expect: compileError(/<identifier> expected/),
      },
      {
        name: '10 000 classes',
        job: java(
          `public class Main { ${MAIN} }\n${Array.from({ length: 10_000 }, (_, n) => `class C${n}{}`).join('\n')}`,
        ),
        // Eight seconds of CPU on an idle machine of 2026: the limit is near.
        expect: { verdicts: ['ok', 'time_limit', 'wall_time_limit'] },
      },
      {
        name: 'a class of java.lang',
        job: java(`package java.lang; public class Main { ${MAIN} }`),
        expect: compileError(/package exists in another module/),
      },
      { name: 'the class that compiles', job: java(`public class Compile { ${MAIN} }`), expect: prints('ran') },
      {
        name: 'a constant of 10^10 characters',
        job: java(`public class Main { static final String A = "xxxxxxxxxx";\n${HUGE_CONSTANT}\n${MAIN} }`),
        expect: COMPILER_STOPPED,
      },
      {
        name: '100 000 parentheses',
        job: java(`public class Main { int x = ${'('.repeat(100_000)}1${')'.repeat(100_000)}; ${MAIN} }`),
        expect: COMPILER_STOPPED,
      },
      {
        name: 'a sum of 20 000 terms',
        job: java(`public class Main { static int x = 1${'+Main.x'.repeat(20_000)}; ${MAIN} }`),
        expect: COMPILER_STOPPED,
      },
    ],
  },
];
