import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LanguageDefinitionError, type LanguageProblem } from './language-definition-error.ts';
import { loadLanguages } from './load-languages.ts';
import { rootRecipeOf } from './root-recipe.ts';

const OWN = path.resolve(import.meta.dirname, '../../../languages');
const VALID = {
  id: 'toy',
  name: 'Toy',
  aliases: ['t'],
  sourceFile: 'main.toy',
  compile: null,
  run: { argv: ['toy', 'main.toy'] },
  packages: { debian: ['toy-lang'] },
  versionCommand: ['toy', '--version'],
};

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'languages-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

describe('loadLanguages', () => {
  it('reads a definition and its sample, filling in what may be left out', async () => {
    await addLanguage('toy', VALID);
    expect(await loadLanguages(folder, { architecture: 'x64' })).toEqual([
      {
        ...VALID,
        environment: {},
        limits: { run: {}, compile: {} },
        packages: { debian: ['toy-lang'], npm: {} },
        prepare: [],
        sample: { code: 'print', input: 'in', output: 'out' },
      },
    ]);
  });

  it('puts the architecture into package names and commands', async () => {
    const compile = { argv: ['/opt/${arch}/cc'], outputs: ['main'] };
    const npm = { '@a/b-${arch}': '1.2.3' };
    await addLanguage('toy', { ...VALID, compile, packages: { npm }, prepare: [['ln', '${arch}']] });
    const [language] = await loadLanguages(folder, { architecture: 'arm64' });
    expect(language?.packages.npm).toEqual({ '@a/b-arm64': '1.2.3' });
    expect(language?.compile?.argv).toEqual(['/opt/arm64/cc']);
    expect(language?.prepare).toEqual([['ln', 'arm64']]);
  });

  it('takes the files that stand beside a definition', async () => {
    await addLanguage('toy', VALID);
    await mkdir(path.join(folder, 'toy/files'));
    await writeFile(path.join(folder, 'toy/files/tool.toy'), 'a tool');
    const languages = await loadLanguages(folder, { architecture: 'x64' });
    expect(languages[0]?.files).toEqual({ 'tool.toy': 'a tool' });
    expect(rootRecipeOf(languages).files).toEqual({ 'opt/runyard/languages/toy/tool.toy': 'a tool' });
  });

  it('names every mistake by file and field', async () => {
    await addLanguage('one', { ...VALID, id: 'one', aliases: ['Up'], limits: { run: { memoryBytes: -1 } }, extra: 1 });
    await addLanguage('two', {
      ...VALID,
      id: 'wrong',
      aliases: [],
      packages: { debian: ['-o evil'], npm: { a: '^1.0.0' } },
    });
    await addLanguage('three', { ...VALID, id: 'three', aliases: ['t3'], run: { argv: ['${HOME}'] } });
    await mkdir(path.join(folder, 'four'));
    const problems = await problemsOf(loadLanguages(folder, { architecture: 'x64' }));
    expect(problems.map(({ file, field }) => `${file} ${field}`).toSorted()).toEqual([
      'four/language.json ',
      'one/language.json ',
      'one/language.json aliases.0',
      'one/language.json limits.run.memoryBytes',
      'three/language.json ',
      'two/language.json packages.debian.0',
      'two/language.json packages.npm.a',
    ]);
  });

  it('wants the id to be the name of the folder', async () => {
    await addLanguage('other', VALID);
    const [problem] = await problemsOf(loadLanguages(folder, { architecture: 'x64' }));
    expect(problem).toEqual({
      file: 'other/language.json',
      field: 'id',
      message: 'must be the name of the folder, other',
    });
  });

  it('names the missing sample file', async () => {
    await addLanguage('toy', VALID);
    await rm(path.join(folder, 'toy/sample/output'));
    const [problem] = await problemsOf(loadLanguages(folder, { architecture: 'x64' }));
    expect(problem?.file).toBe('toy/sample/output');
  });

  it('refuses two languages with one name', async () => {
    await addLanguage('toy', VALID);
    await addLanguage('toy2', { ...VALID, id: 'toy2' });
    const [problem] = await problemsOf(loadLanguages(folder, { architecture: 'x64' }));
    expect(problem?.message).toBe('the name t is claimed by toy and by toy2');
  });

  it('refuses an empty folder and a missing one', async () => {
    await expect(loadLanguages(folder, { architecture: 'x64' })).rejects.toThrow('holds no language');
    await expect(loadLanguages(`${folder}/none`, { architecture: 'x64' })).rejects.toThrow('ENOENT');
  });
});

describe('the choice of languages', () => {
  beforeEach(async () => {
    await addLanguage('toy', VALID);
    await addLanguage('abc', { ...VALID, id: 'abc', aliases: ['alphabet'] });
  });

  it('keeps the chosen ones, by id or alias, once', async () => {
    const chosen = await loadLanguages(folder, { architecture: 'x64', only: ['ALPHABET', 'abc'] });
    expect(chosen.map((language) => language.id)).toEqual(['abc']);
  });

  it('names an unknown one, the nearest and all there are', async () => {
    const loading = loadLanguages(folder, { architecture: 'x64', only: ['tox', 'zzz'] });
    const problems = await problemsOf(loading);
    expect(problems.map((problem) => problem.message)).toEqual([
      'there is no language "tox" (did you mean toy?); there are abc, toy',
      'there is no language "zzz"; there are abc, toy',
    ]);
  });

  it('refuses an empty choice', async () => {
    await expect(loadLanguages(folder, { architecture: 'x64', only: [] })).rejects.toThrow('no language was chosen');
  });
});

describe('our own languages', () => {
  it.each(['x64', 'arm64'] as const)('are valid on %s', async (architecture) => {
    const languages = await loadLanguages(OWN, { architecture });
    const ids = languages.map((language) => language.id).join(' ');
    expect(ids).toBe('bash c cpp go haskell java javascript lua perl php python ruby rust typescript');
    expect(languages.filter((language) => language.sample.output === '')).toEqual([]);
  });
});

async function addLanguage(name: string, definition: object): Promise<void> {
  const sample = path.join(folder, name, 'sample');
  await mkdir(sample, { recursive: true });
  await writeFile(path.join(folder, name, 'language.json'), JSON.stringify(definition));
  await writeFile(path.join(sample, 'main.toy'), 'print');
  await writeFile(path.join(sample, 'input'), 'in');
  await writeFile(path.join(sample, 'output'), 'out');
}

async function problemsOf(loading: Promise<unknown>): Promise<readonly LanguageProblem[]> {
  const error: unknown = await loading.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(LanguageDefinitionError);
  return (error as LanguageDefinitionError).problems;
}
