import { describe, expect, it } from 'vitest';
import { LanguageCatalogue, matchesVersion, nameClashes } from './language-catalogue.ts';
import type { Language } from './language.ts';

const catalogue = new LanguageCatalogue([
  language('python', ['py', 'python3']),
  language('cpp', ['c++', 'g++']),
  language('c', []),
  language('javascript', ['js', 'node']),
]);

describe('LanguageCatalogue', () => {
  it.each([
    ['python', 'python'],
    ['PYTHON', 'python'],
    ['Py', 'python'],
    ['c++', 'cpp'],
    ['C++', 'cpp'],
    ['C', 'c'],
  ])('finds %s', (name, id) => {
    const lookup = catalogue.resolve(name);
    expect(lookup.kind === 'found' && lookup.language.id).toBe(id);
  });

  it.each([
    ['pyton', 'python'],
    ['pyhton3', 'python'],
    ['javascrpt', 'javascript'],
    ['nod', 'javascript'],
    ['cobol', null],
    ['d', null],
    ['', null],
    ['constructor', null],
    ['__proto__', null],
  ])('suggests for %s: %s', (name, suggestion) => {
    expect(catalogue.resolve(name)).toEqual({ kind: 'unknown', suggestion });
  });

  it('lists languages by id', () => {
    expect(catalogue.ids).toEqual(['c', 'cpp', 'javascript', 'python']);
  });

  it('refuses a name that two languages claim, whatever its case', () => {
    const languages = [language('python', ['py']), language('cython', ['PY'])];
    expect(nameClashes(languages)).toEqual(['the name py is claimed by python and by cython']);
    expect(() => new LanguageCatalogue(languages)).toThrow(/claimed by python and by cython/);
  });

  it('refuses an alias that is the own id', () => {
    expect(nameClashes([language('c', ['c'])])).toEqual(['the name c is claimed by c and by c']);
  });
});

describe('matchesVersion', () => {
  it.each([
    ['3.13.5', '3.13.5', true],
    ['3.13.5', '3.13', true],
    ['3.13.5', '3', true],
    ['3.13.5', '*', true],
    ['3.13.5', '3.1', false],
    ['3.13.5', '3.13.50', false],
    ['3.13.5', '', false],
  ])('%s for %s: %s', (installed, requested, expected) => {
    expect(matchesVersion(installed, requested)).toBe(expected);
  });
});

function language(id: string, aliases: readonly string[]): Language {
  return {
    id,
    name: id,
    aliases,
    sourceFile: 'main',
    compile: null,
    run: { argv: ['true'] },
    environment: {},
    limits: { run: {}, compile: {} },
    packages: { debian: [], npm: {} },
    prepare: [],
    versionCommand: ['true'],
    sample: { code: '', input: '', output: '' },
  };
}
