import type { LanguageFile } from './language-schema.ts';

export interface Substitution {
  readonly language: LanguageFile;
  /** Names inside `${…}` other than `arch`. */
  readonly unknownVariables: readonly string[];
}

/** `${arch}` in names of npm packages and in any argv becomes `x64` or `arm64`: packages with native code carry it in their name. */
export function substituteArchitecture(language: LanguageFile, architecture: string): Substitution {
  const unknown = new Set<string>();
  const text = (value: string) =>
    value.replace(/\$\{(\w*)\}/g, (whole, name: string) => {
      if (name === 'arch') return architecture;
      unknown.add(name);
      return whole;
    });
  const argv = (words: readonly string[]) => words.map(text);
  const npm = Object.entries(language.packages.npm).map(([name, version]) => [text(name), version] as const);
  return {
    language: {
      ...language,
      compile: language.compile && { ...language.compile, argv: argv(language.compile.argv) },
      run: { argv: argv(language.run.argv) },
      packages: { ...language.packages, npm: Object.fromEntries(npm) },
      prepare: language.prepare.map(argv),
      versionCommand: argv(language.versionCommand),
    },
    unknownVariables: [...unknown],
  };
}
