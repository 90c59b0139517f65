import { programs as bash } from './bash.ts';
import { programs as c } from './c.ts';
import { programs as cpp } from './cpp.ts';
import { programs as go } from './go.ts';
import { programs as haskell } from './haskell.ts';
import { programs as java } from './java.ts';
import { programs as javascript } from './javascript.ts';
import { programs as lua } from './lua.ts';
import { programs as perl } from './perl.ts';
import { programs as php } from './php.ts';
import { programs as python } from './python.ts';
import { programs as ruby } from './ruby.ts';
import { programs as rust } from './rust.ts';
import { programs as typescript } from './typescript.ts';
import type { LanguagePrograms } from './programs.ts';

const PROGRAMS: Readonly<Record<string, LanguagePrograms>> = {
  bash,
  c,
  cpp,
  go,
  haskell,
  java,
  javascript,
  lua,
  perl,
  php,
  python,
  ruby,
  rust,
  typescript,
};

/** Throws for a language that has no programs here yet: it is not tested until it has. */
export function programsOf(language: string): LanguagePrograms {
  const programs = PROGRAMS[language];
  if (programs === undefined) throw new Error(`tests/programs has no programs for ${language}`);
  return programs;
}
