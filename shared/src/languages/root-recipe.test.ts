import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Language } from '../domain/language.ts';
import { installedLanguages } from './installed-languages.ts';
import { loadLanguages } from './load-languages.ts';
import { rootRecipeOf } from './root-recipe.ts';

const OWN = path.resolve(import.meta.dirname, '../../../languages');
let javascript: Language;
let typescript: Language;

beforeAll(async () => {
  const [first, second] = await loadLanguages(OWN, { architecture: 'x64', only: ['javascript', 'typescript'] });
  if (!first || !second) throw new Error('the languages are not there');
  [javascript, typescript] = [first, second];
});

describe('rootRecipeOf', () => {
  it('joins packages and runs a shared prepare command once', () => {
    const step = ['true'];
    const recipe = rootRecipeOf([
      { ...javascript, packages: { debian: ['a', 'b'], npm: { n: '1.0.0' } }, prepare: [step, ['x']] },
      { ...typescript, packages: { debian: ['b'], npm: { n: '1.0.0', t: '2.0.0' } }, prepare: [step] },
    ]);
    expect(recipe.debianPackages).toEqual(['a', 'b']);
    expect(recipe.npmPackages).toEqual({ n: '1.0.0', t: '2.0.0' });
    expect(recipe.prepare).toEqual([['true'], ['x']]);
    expect(Object.keys(recipe.versionCommands)).toEqual(['javascript', 'typescript']);
  });

  it('refuses two versions of one npm package', () => {
    const languages = [
      { ...javascript, packages: { debian: [], npm: { n: '1.0.0' } } },
      { ...typescript, packages: { debian: [], npm: { n: '1.0.1' } } },
    ];
    expect(() => rootRecipeOf(languages)).toThrow('typescript/language.json: packages.npm: n is wanted in 1.0.0');
  });
});

describe('installedLanguages', () => {
  it.each([
    ['v24.21.0', '24.21.0', 'v24.21.0'],
    ['gcc (Debian 14.2.0-19) 14.2.0\nCopyright (C) 2024', '14.2.0', 'gcc (Debian 14.2.0-19) 14.2.0'],
    ['GNU bash, version 5.2.37(1)-release (x86_64-pc-linux-gnu)', '5.2.37', undefined],
    ['openjdk version "21.0.8" 2025-07-15', '21.0.8', undefined],
  ])('finds the version in %s', (printed, version, toolchain) => {
    const [installed] = installedLanguages([javascript], { javascript: printed });
    expect(installed?.version).toBe(version);
    expect(installed?.toolchain).toBe(toolchain ?? printed);
  });

  it('refuses a toolchain that tells no version', () => {
    expect(() => installedLanguages([javascript], { javascript: 'command not found' })).toThrow('versionCommand');
    expect(() => installedLanguages([javascript], {})).toThrow('versionCommand');
  });
});
