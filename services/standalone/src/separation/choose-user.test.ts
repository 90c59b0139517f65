import { StartupError } from '@runyard/shared/errors';
import { expect, test } from 'vitest';
import { chooseUser } from './choose-user.ts';
import { requireFreePort } from './reach.ts';

const PASSWD = 'root:x:0:0::/root:/bin/sh\nrunyard:x:998:997::/:/bin/false\nwheel:x:990:0::/:/bin/false\n';

test.each([
  [null, PASSWD, { name: 'runyard', uid: 998, gid: 997 }],
  [null, 'root:x:0:0::/root:/bin/sh\n', { name: '210000', uid: 210_000, gid: 210_000 }],
  ['runyard', PASSWD, { name: 'runyard', uid: 998, gid: 997 }],
  ['1000:50', PASSWD, { name: '1000:50', uid: 1000, gid: 50 }],
  ['root', PASSWD, null],
  ['0', PASSWD, null],
] as const)('RUNYARD_USER=%s', (wanted, passwd, expected) => {
  expect(chooseUser(wanted, passwd)).toEqual(expected);
});

test.each(['nobody-here', '0:0', '0:5', '5:0', 'wheel', '200000', '209999'])('%s is refused', (wanted) => {
  expect(() => chooseUser(wanted, PASSWD)).toThrow(StartupError);
});

test('ports of root are refused before anything is set up', () => {
  const user = { name: 'runyard', uid: 998, gid: 997 };
  expect(() => requireFreePort(80, user, 1024)).toThrow(/PORT=80 .* runs as runyard/);
  expect(() => requireFreePort(1023, user, 1024)).toThrow(StartupError);
  for (const port of [0, 1024, 8080]) expect(() => requireFreePort(port, user, 1024)).not.toThrow();
  expect(() => requireFreePort(80, user, 80)).not.toThrow();
});
