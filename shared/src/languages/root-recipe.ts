import type { Language } from '../domain/language.ts';
import { LanguageDefinitionError, type LanguageProblem } from './language-definition-error.ts';

/** What the languages need of a runtime root; the shape that `@runyard/sandbox/runtime-root` takes. */
export interface LanguagesRootRecipe {
  readonly debianPackages: readonly string[];
  readonly npmPackages: Readonly<Record<string, string>>;
  /** Content by path inside the root. */
  readonly files: Readonly<Record<string, string>>;
  readonly prepare: readonly (readonly string[])[];
  /** By language id. */
  readonly versionCommands: Readonly<Record<string, readonly string[]>>;
}

/** Sums up the languages; a prepare command that several name runs once. Throws LanguageDefinitionError when two want different versions of one npm package. */
export function rootRecipeOf(languages: readonly Language[]): LanguagesRootRecipe {
  const npmPackages: Record<string, string> = {};
  const prepare = new Map<string, readonly string[]>();
  const problems: LanguageProblem[] = [];
  for (const language of languages) {
    for (const [name, version] of Object.entries(language.packages.npm)) {
      const other = (npmPackages[name] ??= version);
      if (other === version) continue;
      const message = `${name} is wanted in ${other} by another language and in ${version} here`;
      problems.push({ file: `${language.id}/language.json`, field: 'packages.npm', message });
    }
    for (const command of language.prepare) prepare.set(JSON.stringify(command), command);
  }
  if (problems.length > 0) throw new LanguageDefinitionError(problems);
  return {
    debianPackages: [...new Set(languages.flatMap((language) => language.packages.debian))],
    npmPackages,
    files: Object.assign({}, ...languages.map(filesOf)) as Record<string, string>,
    prepare: [...prepare.values()],
    versionCommands: Object.fromEntries(languages.map((language) => [language.id, language.versionCommand])),
  };
}

function filesOf(language: Language): Record<string, string> {
  const files = Object.entries(language.files ?? {});
  return Object.fromEntries(files.map(([name, content]) => [`opt/runyard/languages/${language.id}/${name}`, content]));
}
