import type { LanguageFile } from './language-schema.ts';

export interface Substitution {
  readonly language: LanguageFile;
  /** Names inside `${…}` that mean nothing where they stand. */
  readonly unknownVariables: readonly string[];
}

/** Of the run command, filled in per job: see `runCommand`. */
const RUN_VARIABLES = ['memoryMiB', 'heapMiB'];

/** `${arch}` in names of npm packages and in any argv becomes `x64` or `arm64`: packages with native code carry it in their name. */
export function substituteArchitecture(language: LanguageFile, architecture: string): Substitution {
  const unknown = new Set<string>();
  const replace = (value: string, later: readonly string[]) =>
    value.replace(/\$\{(\w*)\}/g, (whole, name: string) => {
      if (name === 'arch') return architecture;
      if (!later.includes(name)) unknown.add(name);
      return whole;
    });
  const text = (value: string) => replace(value, []);
  const argv = (words: readonly string[]) => words.map(text);
  const npm = Object.entries(language.packages.npm).map(([name, version]) => [text(name), version] as const);
  return {
    language: {
      ...language,
      compile: language.compile && { ...language.compile, argv: argv(language.compile.argv) },
      run: { argv: language.run.argv.map((word) => replace(word, RUN_VARIABLES)) },
      packages: { ...language.packages, npm: Object.fromEntries(npm) },
      prepare: language.prepare.map(argv),
      versionCommand: argv(language.versionCommand),
    },
    unknownVariables: [...unknown],
  };
}
