import { describe, expect, it } from 'vitest';
import { parseSourceList } from './source-list.ts';

const FILES = new Map(['a.c', 'b.c', 'x.h'].map((name) => [name, null]));

describe('parseSourceList', () => {
  it('reads binaries and flags', () => {
    const text = '# what is made here\n\nlauncher: a.c b.c\nframe-echo:  b.c\nflags: -O2  -static\n';
    expect(parseSourceList(text, FILES)).toEqual({
      flags: ['-O2', '-static'],
      binaries: { launcher: ['a.c', 'b.c'], 'frame-echo': ['b.c'] },
    });
  });

  it.each([
    ['launcher: a.c gone.c', 'launcher needs gone.c'],
    ['launcher: x.h', 'launcher needs x.h'],
    ['launcher:', 'launcher needs a source'],
    ['../launcher: a.c', 'cannot read the line'],
    ['a.c b.c', 'cannot read the line'],
  ])('refuses %s', (text, message) => {
    expect(() => parseSourceList(text, FILES)).toThrow(message);
  });
});
