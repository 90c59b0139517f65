import type { Language } from '../domain/index.ts';

/** A valid language; its sample prints `hello`. */
export function aLanguage(overrides: Partial<Language> = {}): Language {
  return {
    id: 'bash',
    name: 'Bash',
    aliases: [],
    sourceFile: 'main.sh',
    compile: null,
    run: { argv: ['bash', 'main.sh'] },
    environment: {},
    limits: { run: {}, compile: {} },
    packages: { debian: [], npm: {} },
    prepare: [],
    versionCommand: ['bash', '--version'],
    sample: { code: 'echo hello', input: '', output: 'hello\n' },
    ...overrides,
  };
}
