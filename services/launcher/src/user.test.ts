import { StartupError } from '@runyard/shared/errors';
import { describe, expect, test } from 'vitest';
import { findUser, parseGroup, parseUser } from './user.ts';

const PASSWD = 'root:x:0:0:root:/root:/bin/sh\nrunyard:x:998:997::/nonexistent:/usr/sbin/nologin\n';
const GROUP = 'root:x:0:\nrunyard:x:997:\n';

describe('parseUser', () => {
  test.each([
    ['runyard', { uid: 998, gid: 997 }],
    ['1000', { uid: 1000, gid: 1000 }],
    ['1000:50', { uid: 1000, gid: 50 }],
    ['0', { uid: 0, gid: 0 }],
    ['4294967294', { uid: 4_294_967_294, gid: 4_294_967_294 }],
  ])('%s', (text, expected) => {
    expect(parseUser('RUNYARD_USER', text, PASSWD)).toEqual(expected);
  });

  test.each(['nobody-here', '4294967295', 'runyard:997', '-1', ' 5', 'run'])('%j is refused', (text) => {
    expect(() => parseUser('RUNYARD_USER', text, PASSWD)).toThrow(StartupError);
  });
});

test('findUser knows nobody of another name', () => {
  expect(findUser('runyard', PASSWD)).toEqual({ uid: 998, gid: 997 });
  expect(findUser('run', PASSWD)).toBeNull();
});

test('parseGroup takes names and numbers', () => {
  expect(parseGroup('X', 'runyard', GROUP)).toBe(997);
  expect(parseGroup('X', '1000', GROUP)).toBe(1000);
  expect(() => parseGroup('X', 'none', GROUP)).toThrow('X=none: there is no such group here.');
});
