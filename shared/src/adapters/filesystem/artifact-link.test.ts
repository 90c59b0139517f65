import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatArtifactLink, verifyArtifactLink, type ArtifactLinkParts } from './artifact-link.ts';

const SECRET = Buffer.alloc(32, 7);
const LINK = { key: 'outputs/i/1/combined.txt', expiresAtSec: 1_800_000_000, fileName: 'out "ü".txt' };
const BEFORE_MS = 1_799_999_999_999;

function partsOf(url: string): ArtifactLinkParts & Record<'key' | 'expires' | 'name' | 'signature', string> {
  const { pathname, searchParams } = new URL(url);
  const value = (name: string) => searchParams.get(name) ?? '';
  return {
    key: pathname.slice('/artifacts/'.length),
    expires: value('expires'),
    name: value('name'),
    signature: value('signature'),
  };
}

const url = formatArtifactLink(SECRET, 'https://host:8080/base/', LINK);
const parts = partsOf(formatArtifactLink(SECRET, 'https://host', LINK));

test('a link stands below the base URL and holds what was asked for', () => {
  expect(url).toMatch(/^https:\/\/host:8080\/base\/artifacts\/outputs\/i\/1\/combined\.txt\?expires=1800000000&name=/);
  expect(verifyArtifactLink(SECRET, parts, BEFORE_MS)).toEqual(LINK);
});

test('it works until its second begins', () => {
  expect(verifyArtifactLink(SECRET, parts, LINK.expiresAtSec * 1000)).toBeNull();
});

test('no part can be changed, left out or made a list', () => {
  const changes: Partial<Record<keyof ArtifactLinkParts, unknown>>[] = [
    { key: 'outputs/i/1/stdout' },
    { key: 'outputs/i/1/../1/combined.txt' },
    { key: '/outputs/i/1/combined.txt' },
    { expires: '1800000001' },
    { expires: '01800000000' },
    { expires: '1.8e9' },
    { name: 'other.txt' },
    { signature: '' },
    { signature: parts.signature.slice(0, -2) },
    { signature: parts.signature + parts.signature },
    { signature: [parts.signature] },
    { key: undefined },
    { name: null },
    { expires: 1_800_000_000 },
  ];
  for (const change of changes) {
    expect([change, verifyArtifactLink(SECRET, { ...parts, ...change }, BEFORE_MS)]).toEqual([change, null]);
  }
});

test('another server’s secret does not open it', () => {
  expect(verifyArtifactLink(Buffer.alloc(32, 8), parts, BEFORE_MS)).toBeNull();
});

test('a signature with any one bit changed is refused', () => {
  const signature = Buffer.from(parts.signature, 'base64url');
  fc.assert(
    fc.property(fc.nat(signature.length * 8 - 1), (bit) => {
      const changed = Buffer.from(signature);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const forged = { ...parts, signature: changed.toString('base64url') };
      expect(verifyArtifactLink(SECRET, forged, BEFORE_MS)).toBeNull();
    }),
  );
});
