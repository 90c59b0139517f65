import { programs as bash } from './bash.ts';
import { programs as c } from './c.ts';
import { programs as cpp } from './cpp.ts';
import { programs as javascript } from './javascript.ts';
import type { LanguagePrograms } from './programs.ts';
import { programs as python } from './python.ts';
import { programs as typescript } from './typescript.ts';

const PROGRAMS: Readonly<Record<string, LanguagePrograms>> = { bash, c, cpp, javascript, python, typescript };

/** Throws for a language that has no programs here yet: it is not tested until it has. */
export function programsOf(language: string): LanguagePrograms {
  const programs = PROGRAMS[language];
  if (programs === undefined) throw new Error(`tests/programs has no programs for ${language}`);
  return programs;
}
