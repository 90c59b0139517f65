import { describe, expect, it } from 'vitest';
import { checkRecipe, normaliseRecipe, recipeId, type RootRecipe } from './recipe.ts';

const RECIPE: RootRecipe = {
  debianPackages: ['python3', 'g++'],
  npmPackages: { b: '1.0.0', '@types/a': '2.0.0-rc.1' },
  prepare: [['one'], ['two', 'x']],
  versionCommands: { python: ['python3', '--version'], cpp: ['g++', '--version'] },
};

describe('recipeId', () => {
  const id = recipeId(RECIPE, 'x64');

  it('is 16 hex digits', () => expect(id).toMatch(/^[0-9a-f]{16}$/));

  it('does not depend on the order in which packages are named, nor on base packages being named', () => {
    const same: RootRecipe = {
      ...RECIPE,
      debianPackages: ['g++', 'gcc', 'python3', 'g++'],
      npmPackages: { '@types/a': '2.0.0-rc.1', b: '1.0.0' },
      versionCommands: { cpp: ['g++', '--version'], python: ['python3', '--version'] },
    };
    expect(recipeId(same, 'x64')).toBe(id);
  });

  it.each<[string, RootRecipe, string]>([
    ['a package', { ...RECIPE, debianPackages: ['python3'] }, 'x64'],
    ['a version', { ...RECIPE, npmPackages: { ...RECIPE.npmPackages, b: '1.0.1' } }, 'x64'],
    ['the order of prepare', { ...RECIPE, prepare: [['two', 'x'], ['one']] }, 'x64'],
    ['how prepare is cut into words', { ...RECIPE, prepare: [['one'], ['two x']] }, 'x64'],
    ['a file', { ...RECIPE, files: { 'opt/runyard/x': 'y' } }, 'x64'],
    ['a version command', { ...RECIPE, versionCommands: { python: ['python3', '-V'] } }, 'x64'],
    ['the architecture', RECIPE, 'arm64'],
  ])('depends on %s', (_what, recipe, architecture) => {
    expect(recipeId(recipe, architecture)).not.toBe(id);
  });
});

describe('normaliseRecipe', () => {
  it('adds what our own programs are compiled with', () => {
    expect(normaliseRecipe(RECIPE).debianPackages).toEqual(['base-files', 'g++', 'gcc', 'libc6-dev', 'python3']);
  });
});

describe('checkRecipe', () => {
  it('takes a valid recipe', () => expect(() => checkRecipe(RECIPE)).not.toThrow());

  it.each<[string, Partial<RootRecipe>]>([
    ['-oDebug', { debianPackages: ['-oDebug'] }],
    ['a,b', { debianPackages: ['a,b'] }],
    ['../evil@1.0.0', { npmPackages: { '../evil': '1.0.0' } }],
    ['b@latest', { npmPackages: { b: 'latest' } }],
    ['b@^1.0.0', { npmPackages: { b: '^1.0.0' } }],
    ['etc/passwd', { files: { 'etc/passwd': '' } }],
    ['opt/runyard/../../etc/passwd', { files: { 'opt/runyard/../../etc/passwd': '' } }],
    ['empty command', { prepare: [[]] }],
    ['empty command', { versionCommands: { python: [''] } }],
  ])('refuses %s', (named, change) => {
    expect(() => checkRecipe({ ...RECIPE, ...change })).toThrow(named);
  });
});
