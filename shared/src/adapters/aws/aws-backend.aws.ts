import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { FatalDependencyError } from '../../errors/index.ts';
import { silentLogger } from '../../logging/index.ts';
import { systemClock } from '../in-process/index.ts';
import { bootstrap, openAwsBackend } from './index.ts';
import { testAwsConfig } from './testing/test-config.ts';

const LANGUAGES = ['python', 'c'];

test('what bootstrap makes is what the backend uses; it can run twice and at once', async () => {
  const config = testAwsConfig();
  const backend = openAwsBackend(config, { clock: systemClock, logger: silentLogger(), languages: LANGUAGES });
  try {
    await Promise.all([bootstrap(config, LANGUAGES), bootstrap(config, LANGUAGES)]);
    await bootstrap(config, LANGUAGES);
    await Promise.all([backend.store.ping(), backend.queue.ping(), backend.artifacts.ping()]);
    const executionId = randomUUID();
    await backend.queue.send({ executionId, language: 'c' });
    const request = { languages: LANGUAGES, maxMessages: 1, waitMs: 20_000, visibilityMs: 45_000 };
    expect(await backend.queue.receive(request)).toMatchObject([{ message: { executionId, language: 'c' } }]);
  } finally {
    await backend.close();
    await backend.close();
  }
});

test('without its table, queues and bucket each part says so', async () => {
  const options = { clock: systemClock, logger: silentLogger(), languages: LANGUAGES };
  const backend = openAwsBackend(testAwsConfig(), options);
  try {
    for (const part of [backend.store, backend.queue, backend.artifacts]) {
      await expect(part.ping()).rejects.toBeInstanceOf(FatalDependencyError);
    }
  } finally {
    await backend.close();
  }
});
