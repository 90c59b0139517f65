import { silentLogger } from '@runyard/shared/logging';
import { aLanguage } from '@runyard/shared/testing';
import { expect, test } from 'vitest';
import { LanguageDirectory } from './language-directory.ts';
import { keepLearning, type LanguageFactsSource, learnLanguages } from './learn-languages.ts';

const logger = silentLogger();

function versionsOf(directory: LanguageDirectory): (string | null)[] {
  return directory.catalogue.languages.map(({ version }) => version);
}

test('a failure keeps what was known', async () => {
  const directory = new LanguageDirectory([aLanguage({ id: 'bash' })]);
  let isDown = false;
  const facts: LanguageFactsSource = {
    async listLanguageVersions() {
      if (isDown) throw new Error('down');
      return [{ language: 'bash', toolchain: 'bash 5.2.37' }];
    },
  };
  await learnLanguages(directory, { facts, logger });
  isDown = true;
  await learnLanguages(directory, { facts, logger });
  expect(versionsOf(directory)).toEqual(['5.2.37']);
});

test('asks every five seconds until all are known, then every minute', async () => {
  const directory = new LanguageDirectory([aLanguage({ id: 'bash' })]);
  const [first, second] = ['bash 5.2.37', 'bash 5.3.1'].map((toolchain) => [{ language: 'bash', toolchain }]);
  const answers = [[], first ?? [], second ?? []];
  const stop = new AbortController();
  const seen: unknown[] = [];
  const facts = { listLanguageVersions: async () => answers.shift() ?? [] };
  const pause = async (durationMs: number): Promise<void> => {
    seen.push([durationMs, ...versionsOf(directory)]);
    if (answers.length === 0) stop.abort();
  };
  await keepLearning(directory, { facts, logger, pause }, stop.signal);
  expect(seen).toEqual([
    [5_000, null],
    [5_000, null],
    [60_000, '5.2.37'],
    [60_000, '5.3.1'],
  ]);
});
