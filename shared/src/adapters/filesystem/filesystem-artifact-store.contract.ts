import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { artifactStoreContract, ManualClock, TemporaryFolder } from '../../testing/index.ts';
import { FilesystemArtifactStore, followArtifactLink } from './index.ts';

const SECRET = Buffer.alloc(32, 7);
const publicBaseUrl = () => 'http://127.0.0.1:8080';

function makeStore(folder: TemporaryFolder, clock = new ManualClock()): FilesystemArtifactStore {
  return new FilesystemArtifactStore({ directory: folder.join('artifacts'), secret: SECRET, publicBaseUrl, clock });
}

artifactStoreContract('folder', async () => {
  const folder = new TemporaryFolder();
  const clock = new ManualClock();
  const store = makeStore(folder, clock);
  return {
    store,
    linkLifeMs: 60_000,
    follow: (url, afterMs) => followArtifactLink(store, SECRET, url, clock.nowMs() + afterMs),
    async dispose() {
      folder[Symbol.dispose]();
    },
  };
});

test('files are the owner’s alone, and nothing temporary stays', async () => {
  using folder = new TemporaryFolder();
  await makeStore(folder).put('outputs/x/1/stdout', Buffer.from('x'));
  expect(statSync(folder.join('artifacts/outputs/x/1/stdout')).mode & 0o777).toBe(0o600);
  expect(statSync(folder.join('artifacts/outputs')).mode & 0o777).toBe(0o700);
  expect(readdirSync(folder.join('artifacts/.tmp'))).toEqual([]);
});

test('what a crash left half written goes at the next start', () => {
  using folder = new TemporaryFolder();
  mkdirSync(folder.join('artifacts/.tmp'), { recursive: true });
  writeFileSync(folder.join('artifacts/.tmp/half'), 'x');
  makeStore(folder);
  expect(readdirSync(folder.join('artifacts/.tmp'))).toEqual([]);
});

test('a put that fails says so and leaves nothing', async () => {
  using folder = new TemporaryFolder();
  const store = makeStore(folder);
  await store.put('outputs/x', Buffer.from('a file where a folder would have to be'));
  await expect(store.put('outputs/x/1', Buffer.from('y'))).rejects.toMatchObject({
    code: 'dependency_unavailable',
    message: 'The artifact store does not answer.',
  });
  expect(readdirSync(folder.join('artifacts/.tmp'))).toEqual([]);
});

test('no folder stays empty behind deleted objects', async () => {
  using folder = new TemporaryFolder();
  const store = makeStore(folder);
  await store.put('outputs/x/1/stdout', Buffer.from('x'));
  await store.deletePrefix('outputs/x/');
  expect(existsSync(folder.join('artifacts/outputs'))).toBe(false);
  expect(existsSync(folder.join('artifacts/.tmp'))).toBe(true);
});

test('a store without room for another output does not answer as if all were well', async () => {
  using folder = new TemporaryFolder();
  const options = {
    directory: folder.join('artifacts'),
    secret: new Uint8Array(32),
    publicBaseUrl: () => 'http://localhost',
    clock: new ManualClock(),
  };
  await expect(new FilesystemArtifactStore({ ...options, minFreeBytes: 2 ** 60 }).ping()).rejects.toMatchObject({
    code: 'dependency_unavailable',
    message: 'The disk that outputs are kept on is full.',
  });
  await expect(new FilesystemArtifactStore({ ...options, minFreeBytes: 1 }).ping()).resolves.toBeUndefined();
});
