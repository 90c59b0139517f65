/** Every language of this server, over HTTP, in the native sandbox. */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { WireLanguage } from '../support/client.ts';
import { expectNoTraces } from '../support/host-traces.ts';
import { expectNextJobFine, testLanguage } from '../support/language-suite.ts';
import { TestServer } from '../support/server.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const LANGUAGE_IDS = readdirSync(path.join(ROOT, 'languages'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name)
  .toSorted();

let server: TestServer;

beforeAll(async () => {
  server = await TestServer.start();
});

afterAll(async () => {
  const { ownerId } = await server.client.get<{ ownerId: string }>('/version');
  await server[Symbol.asyncDispose]();
  await expectNoTraces(ownerId);
});

afterEach(() => expectNextJobFine(server, 'bash', 'echo fine'));

test('the server has the languages of the folder', async () => {
  const { languages } = await server.client.get<{ languages: WireLanguage[] }>('/languages');
  expect(languages.map(({ id }) => id)).toEqual(LANGUAGE_IDS);
});

describe.each(LANGUAGE_IDS)('%s', (language) => {
  testLanguage(language, () => server);
});
