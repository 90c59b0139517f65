import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { StartupError } from '../../errors/index.ts';
import { TemporaryFolder } from '../../testing/index.ts';
import { DataDirectory } from './index.ts';

test('makes a private folder and a secret that stays', () => {
  using folder = new TemporaryFolder();
  const path = folder.join('new', 'data');
  let secret: Uint8Array;
  {
    using data = DataDirectory.open(path);
    secret = data.secret;
    expect(secret).toHaveLength(32);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    expect(statSync(folder.join('new/data/secret')).mode & 0o777).toBe(0o600);
  }
  chmodSync(folder.join('new/data/secret'), 0o644);
  using again = DataDirectory.open(path);
  expect(again.secret).toEqual(secret);
  expect(statSync(folder.join('new/data/secret')).mode & 0o777).toBe(0o600);
});

test('two folders have different secrets', () => {
  using folder = new TemporaryFolder();
  using one = DataDirectory.open(folder.join('one'));
  using two = DataDirectory.open(folder.join('two'));
  expect(one.secret).not.toEqual(two.secret);
});

test('refuses a second server in the same process, until the first closes', () => {
  using folder = new TemporaryFolder();
  const first = DataDirectory.open(folder.path);
  expect(() => DataDirectory.open(folder.path)).toThrow(/Another server uses the data folder/);
  first.close();
  first.close();
  DataDirectory.open(folder.path).close();
});

test('refuses a second server in another process; kill -9 frees the folder', async () => {
  using folder = new TemporaryFolder();
  const script = `
    const { DataDirectory } = await import(process.argv[1]);
    globalThis.held = DataDirectory.open(process.argv[2]);
    process.stdout.write('held');
    setInterval(() => {}, 1000);`;
  const moduleUrl = new URL('./data-directory.ts', import.meta.url);
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, fileURLToPath(moduleUrl), folder.path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  try {
    await once(child.stdout, 'data');
    expect(() => DataDirectory.open(folder.path)).toThrow(StartupError);
  } finally {
    child.kill('SIGKILL');
    await exited;
  }
  using data = DataDirectory.open(folder.path);
  expect(data.secret).toHaveLength(32);
});

test('says what is wrong with a broken secret, and keeps it', () => {
  using folder = new TemporaryFolder();
  writeFileSync(folder.join('secret'), 'short\n');
  expect(() => DataDirectory.open(folder.path)).toThrow(/does not hold 32 bytes/);
  expect(readFileSync(folder.join('secret'), 'utf8')).toBe('short\n');
  // The refused start let go of the lock.
  writeFileSync(folder.join('secret'), 'ab'.repeat(32));
  DataDirectory.open(folder.path).close();
});

test('refuses a path that is no folder', () => {
  using folder = new TemporaryFolder();
  writeFileSync(folder.join('file'), '');
  expect(() => DataDirectory.open(folder.join('file'))).toThrow(StartupError);
});
