import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LauncherFailure } from './launcher-failure.ts';
import { prepareSocketFolder, prepareUserFolder } from './socket-folder.ts';

const gid = process.getgid?.() ?? 0;
let top = '';
let former = 0;

beforeEach(() => {
  top = mkdtempSync(path.join(tmpdir(), 'runyard-folder-'));
  former = process.umask(0o077);
});

afterEach(() => {
  process.umask(former);
  rmSync(top, { recursive: true });
});

function modeOf(folder: string): string {
  return (statSync(folder).mode & 0o7777).toString(8);
}

describe('the folder of a socket', () => {
  test('is made for root and one group, and can be reached, whatever the umask', async () => {
    await prepareSocketFolder(path.join(top, 'a/b/c'), gid);
    expect(modeOf(path.join(top, 'a/b/c'))).toBe('710');
    expect(modeOf(path.join(top, 'a/b'))).toBe('711');
    expect(modeOf(path.join(top, 'a'))).toBe('711');
    expect(modeOf(top)).toBe('700');
  });

  test('is made for its owner alone when nobody else may connect', async () => {
    await prepareSocketFolder(path.join(top, 'a'), null);
    expect(modeOf(path.join(top, 'a'))).toBe('700');
  });

  test('stays as it is when it is there', async () => {
    chmodSync(top, 0o711);
    await prepareSocketFolder(top, gid);
    expect(modeOf(top)).toBe('711');
  });

  test.each([0o770, 0o702, 0o1777])('is refused when others may write to it (%o)', async (mode) => {
    chmodSync(top, mode);
    const preparing = prepareSocketFolder(top, gid);
    await expect(preparing).rejects.toThrow(`others may write to ${top}`);
    await expect(preparing).rejects.toBeInstanceOf(LauncherFailure);
  });

  test('is no link', async () => {
    mkdirSync(path.join(top, 'real'));
    symlinkSync('real', path.join(top, 'link'));
    await expect(prepareSocketFolder(path.join(top, 'link'), gid)).rejects.toThrow('is no folder');
  });
});

test('a folder of a user follows his group, in a state folder that he may pass', async () => {
  const state = path.join(top, 'state');
  mkdirSync(path.join(state, 'for-7'), { recursive: true, mode: 0o700 });
  expect(await prepareUserFolder(state, { uid: 7, gid })).toBe(path.join(state, 'for-7'));
  expect(modeOf(state)).toBe('711');
  expect(modeOf(path.join(state, 'for-7'))).toBe('710');
});
