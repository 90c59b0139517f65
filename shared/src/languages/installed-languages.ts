import type { InstalledLanguage, Language } from '../domain/language.ts';
import { LanguageDefinitionError } from './language-definition-error.ts';

/**
 * Joins languages with what their version commands printed, by language id. Throws LanguageDefinitionError when one printed
 * no dotted number, since its toolchain is then not what the definition says.
 */
export function installedLanguages(
  languages: readonly Language[],
  toolchains: Readonly<Record<string, string>>,
): readonly InstalledLanguage[] {
  return languages.map((language) => {
    const toolchain = (toolchains[language.id] ?? '').split('\n', 1)[0]?.trim() ?? '';
    const version = /\d+(\.\d+)+/.exec(toolchain)?.[0];
    if (version !== undefined) return { ...language, toolchain, version };
    const message = `printed no version number: ${JSON.stringify(toolchain)}`;
    throw new LanguageDefinitionError([{ file: `${language.id}/language.json`, field: 'versionCommand', message }]);
  });
}
