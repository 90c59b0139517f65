import { expect, it } from 'vitest';
import { nearestName } from './nearest-name.ts';

const NAMES = ['python', 'ruby', 'rust', 'go'];

it.each([
  ['rubi', 'ruby'],
  ['rbuy', 'ruby'],
  ['rustt', 'rust'],
  ['pythn', 'python'],
  ['yptohn', 'python'],
  ['xpxthxn', null],
  ['og', null],
  ['ruXX', null],
])('%s is near %s', (name, expected) => {
  expect(nearestName(name, NAMES)).toBe(expected);
});

it('takes the first of equally near names', () => {
  expect(nearestName('abX', ['abc', 'abd'])).toBe('abc');
});

it('does not compare very long names', () => {
  const long = 'a'.repeat(33);
  expect(nearestName(long, [long])).toBeNull();
});
