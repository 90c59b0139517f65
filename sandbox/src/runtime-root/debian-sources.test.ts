import { describe, expect, it } from 'vitest';
import { securityMirrors, sourceLine } from './debian-sources.ts';

describe('securityMirrors', () => {
  it("asks the host's own first, then the mirror's neighbour, then Debian", () => {
    expect(
      securityMirrors({ mirror: 'http://mirror.example/debian', securityMirror: 'https://own.example/security' }),
    ).toEqual([
      'https://own.example/security',
      'http://mirror.example/debian-security',
      'http://deb.debian.org/debian-security',
    ]);
  });

  it('knows no neighbour of a mirror with another name, and asks nobody twice', () => {
    expect(securityMirrors({ mirror: 'http://mirror.example/apt', securityMirror: null })).toEqual([
      'http://deb.debian.org/debian-security',
    ]);
    expect(securityMirrors({ mirror: 'http://deb.debian.org/debian', securityMirror: null })).toEqual([
      'http://deb.debian.org/debian-security',
    ]);
  });
});

it('a source is a signed line of one component', () => {
  expect(sourceLine({ mirror: 'http://mirror.example/debian', suite: 'trixie-updates' })).toBe(
    'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://mirror.example/debian trixie-updates main',
  );
});
