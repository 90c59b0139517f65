import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { LanguageCatalogue, nameClashes } from '../domain/language-catalogue.ts';
import type { Language } from '../domain/language.ts';
import { LanguageDefinitionError, type LanguageProblem } from './language-definition-error.ts';
import { type LanguageFile, languageFileSchema } from './language-schema.ts';
import { substituteArchitecture } from './substitute-architecture.ts';

export interface LoadLanguagesOptions {
  /** Node's name of the architecture, for `${arch}` in language files. */
  readonly architecture: 'x64' | 'arm64';
  /** Ids or aliases to keep; all when absent. */
  readonly only?: readonly string[];
}

/**
 * Reads `languages/<id>/language.json`, its sample (`sample/<sourceFile>`, `sample/input`, `sample/output`) and what may stand in
 * `files/`, for every folder.
 * In the order of ids. Throws LanguageDefinitionError naming every problem found, by file and field.
 */
export async function loadLanguages(directory: string, options: LoadLanguagesOptions): Promise<readonly Language[]> {
  const problems: LanguageProblem[] = [];
  const folders = (await readFolders(directory)).toSorted();
  const loaded = await Promise.all(folders.map((folder) => loadOne(directory, folder, options, problems)));
  const languages = loaded.filter((language) => language !== null);
  if (folders.length === 0) problems.push({ file: '', field: '', message: `${directory} holds no language` });
  problems.push(...nameClashes(languages).map((message) => ({ file: '', field: 'aliases', message })));
  if (problems.length > 0) throw new LanguageDefinitionError(problems);
  return options.only ? choose(languages, options.only) : languages;
}

async function readFolders(directory: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  } catch (error) {
    throw new LanguageDefinitionError([{ file: directory, field: '', message: messageOf(error) }]);
  }
}

async function loadOne(
  directory: string,
  folder: string,
  options: LoadLanguagesOptions,
  problems: LanguageProblem[],
): Promise<Language | null> {
  const file = `${folder}/language.json`;
  const report = (field: string, message: string, where = file) => problems.push({ file: where, field, message });
  const definition = await readDefinition(path.join(directory, file), report);
  if (definition === null) return null;
  if (definition.id !== folder) report('id', `must be the name of the folder, ${folder}`);
  const { language, unknownVariables } = substituteArchitecture(definition, options.architecture);
  for (const variable of unknownVariables) report('', `\${${variable}} is not known, only \${arch} is`);
  const readSample = async (name: string) => {
    try {
      return await readFile(path.join(directory, folder, 'sample', name), 'utf8');
    } catch (error) {
      report('', messageOf(error), `${folder}/sample/${name}`);
      return '';
    }
  };
  const [code, input, output] = await Promise.all([definition.sourceFile, 'input', 'output'].map(readSample));
  const files = await readFiles(path.join(directory, folder, 'files'));
  return { ...language, ...files, sample: { code: code ?? '', input: input ?? '', output: output ?? '' } };
}

async function readFiles(folder: string): Promise<Pick<Language, 'files'>> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const names = entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
  if (names.length === 0) return {};
  const contents = await Promise.all(names.map((name) => readFile(path.join(folder, name), 'utf8')));
  return { files: Object.fromEntries(names.map((name, index) => [name, contents[index] ?? ''])) };
}

async function readDefinition(
  file: string,
  report: (field: string, message: string) => void,
): Promise<LanguageFile | null> {
  let content: unknown;
  try {
    content = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    report('', messageOf(error));
    return null;
  }
  const parsed = languageFileSchema.safeParse(content);
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues) {
    // A record's key reports "Invalid key"; what is wrong with it stands one level deeper.
    const reason = issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? issue.message) : issue.message;
    report(issue.path.join('.'), reason);
  }
  return null;
}

function choose(languages: readonly Language[], names: readonly string[]): readonly Language[] {
  const catalogue = new LanguageCatalogue(languages);
  const chosen = new Set<string>();
  const problems: LanguageProblem[] = [];
  for (const name of names) {
    const lookup = catalogue.resolve(name);
    if (lookup.kind === 'found') chosen.add(lookup.language.id);
    else problems.push({ file: '', field: '', message: unknownName(name, lookup.suggestion, catalogue.ids) });
  }
  if (names.length === 0) problems.push({ file: '', field: '', message: 'no language was chosen' });
  if (problems.length > 0) throw new LanguageDefinitionError(problems);
  return catalogue.languages.filter((language) => chosen.has(language.id));
}

function unknownName(name: string, suggestion: string | null, ids: readonly string[]): string {
  const hint = suggestion === null ? '' : ` (did you mean ${suggestion}?)`;
  return `there is no language ${JSON.stringify(name)}${hint}; there are ${ids.join(', ')}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
