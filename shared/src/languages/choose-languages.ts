import { LanguageCatalogue, type Language } from '../domain/index.ts';
import { StartupError } from '../errors/index.ts';

/** The languages that a variable names by id or alias; all of them when it is unset. Throws StartupError for an unknown name. */
export function chooseLanguages<L extends Language>(
  variable: string,
  names: readonly string[] | null,
  languages: readonly L[],
): readonly L[] {
  if (names === null) return languages;
  const catalogue = new LanguageCatalogue(languages);
  const chosen = names.map((name) => {
    const found = catalogue.resolve(name);
    if (found.kind === 'found') return found.language;
    const hint = found.suggestion === null ? '' : ` Did you mean ${found.suggestion}?`;
    throw new StartupError(
      `${variable} names ${JSON.stringify(name)}, which is no language here.${hint}\nLanguages: ${catalogue.ids.join(', ')}.`,
    );
  });
  return [...new Set(chosen)];
}
