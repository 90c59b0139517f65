import { openSync, writeSync, closeSync } from 'node:fs';
import { DataDirectory } from '@runyard/shared/adapters/filesystem';
import { StartupError } from '@runyard/shared/errors';
import { TemporaryFolder } from '@runyard/shared/testing';
import { expect, test } from 'vitest';
import { openBackend } from './embedded-backend.ts';

const PAGE_BYTES = 4096;

async function reopened(folder: TemporaryFolder) {
  (await openBackend(DataDirectory.open(folder.path), () => '')).close();
  return () => openBackend(DataDirectory.open(folder.path), () => '');
}

test('a folder that was closed may be opened again', async () => {
  using folder = new TemporaryFolder();
  const open = await reopened(folder);
  const backend = await open();
  await expect(backend.store.ping()).resolves.toBeUndefined();
  backend.close();
});

test('a database that is damaged inside stops the start with a sentence, and lets the folder go', async () => {
  using folder = new TemporaryFolder();
  const open = await reopened(folder);
  const file = openSync(folder.join('runyard.db'), 'r+');
  for (let page = 1; page < 20; page += 1)
    writeSync(file, Buffer.alloc(PAGE_BYTES, 'x'), 0, PAGE_BYTES, page * PAGE_BYTES);
  closeSync(file);
  for (let start = 0; start < 2; start += 1) {
    const error: unknown = await open().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StartupError);
    expect((error as StartupError).message).toMatch(/runyard\.db cannot be used: .*malformed.*\nRestore a backup/);
  }
});
