import { aLanguage } from '@runyard/shared/testing';
import { expect, test } from 'vitest';
import { LanguageDirectory } from './language-directory.ts';

const LANGUAGES = [aLanguage({ id: 'bash' }), aLanguage({ id: 'python', aliases: ['py'] })];

test('serves a language before anybody has told its version', () => {
  const { catalogue } = new LanguageDirectory(LANGUAGES);
  expect(catalogue.ids).toEqual(['bash', 'python']);
  expect(catalogue.resolve('py')).toMatchObject({ kind: 'found', language: { toolchain: null, version: null } });
});

test('shows what executors told, and nothing of languages that are not served', () => {
  const directory = new LanguageDirectory(LANGUAGES);
  directory.learn(
    new Map([
      ['python', 'Python 3.13.5'],
      ['cobol', 'cobc 3.2.0'],
      ['bash', 'GNU bash'],
    ]),
  );
  expect(directory.catalogue.languages.map(({ id, toolchain, version }) => [id, toolchain, version])).toEqual([
    ['bash', 'GNU bash', null],
    ['python', 'Python 3.13.5', '3.13.5'],
  ]);
});

test('makes a new catalogue only for news', () => {
  const directory = new LanguageDirectory(LANGUAGES);
  const before = directory.catalogue;
  directory.learn(new Map([['cobol', 'cobc 3.2.0']]));
  expect(directory.catalogue).toBe(before);
  directory.learn(new Map([['bash', 'GNU bash, version 5.2.37']]));
  const after = directory.catalogue;
  expect(after).not.toBe(before);
  directory.learn(new Map([['bash', 'GNU bash, version 5.2.37']]));
  expect(directory.catalogue).toBe(after);
});
