import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { nameUsers } from './name-users.ts';

it('adds one line per leased id behind those of the system, once', async () => {
  const tree = mkdtempSync(path.join(tmpdir(), 'runyard-users-'));
  mkdirSync(path.join(tree, 'etc'));
  writeFileSync(path.join(tree, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/bash\n');
  writeFileSync(path.join(tree, 'etc/group'), 'root:x:0:\n');
  await nameUsers(tree);
  await nameUsers(tree);
  const [passwd = [], group = []] = ['passwd', 'group'].map((name) =>
    readFileSync(path.join(tree, 'etc', name), 'utf8').split('\n'),
  );
  expect(passwd.slice(0, 2)).toEqual(['root:x:0:0:root:/root:/bin/bash', 'runyard:x:200000:200000::/box:/bin/sh']);
  expect(passwd.slice(10_000)).toEqual(['runyard:x:209999:209999::/box:/bin/sh', '']);
  expect(group.slice(0, 2)).toEqual(['root:x:0:', 'runyard:x:200000:']);
  expect(group.slice(10_000)).toEqual(['runyard:x:209999:', '']);
  rmSync(tree, { recursive: true });
});
