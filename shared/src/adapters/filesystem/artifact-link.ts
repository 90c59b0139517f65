/**
 * Links to outputs that need no other right: `<base>/artifacts/<key>?expires=<epoch seconds>&name=<file name>&signature=<HMAC>`.
 * The signature covers key, time and name, so none of them can be exchanged. Links cannot be called back; keep their life short.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { isObjectKey } from '../../domain/index.ts';

export const ARTIFACT_ROUTE = '/artifacts/';

export interface ArtifactLink {
  readonly key: string;
  /** First second at which the link no longer works. */
  readonly expiresAtSec: number;
  /** What a browser calls the download. */
  readonly fileName: string;
}

/** The parts of a link as they came in a request, decoded. */
export interface ArtifactLinkParts {
  /** What follows `/artifacts/`. */
  readonly key: unknown;
  readonly expires: unknown;
  readonly name: unknown;
  readonly signature: unknown;
}

export function formatArtifactLink(secret: Uint8Array, baseUrl: string, link: ArtifactLink): string {
  const query = new URLSearchParams({
    expires: String(link.expiresAtSec),
    name: link.fileName,
    signature: sign(secret, link).toString('base64url'),
  });
  return `${baseUrl.replace(/\/+$/, '')}${ARTIFACT_ROUTE}${link.key}?${query.toString()}`;
}

/** The link, or null when any part was changed, is missing, or its time is over. Takes the same time whatever the signature holds. */
export function verifyArtifactLink(secret: Uint8Array, parts: ArtifactLinkParts, nowMs: number): ArtifactLink | null {
  const { key, expires, name, signature } = parts;
  if (typeof key !== 'string' || typeof expires !== 'string' || typeof name !== 'string') return null;
  if (typeof signature !== 'string' || !isObjectKey(key) || !/^[1-9][0-9]{0,14}$/.test(expires)) return null;
  const link: ArtifactLink = { key, expiresAtSec: Number(expires), fileName: name };
  const expected = sign(secret, link);
  const given = Buffer.from(signature, 'base64url');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null;
  return nowMs < link.expiresAtSec * 1000 ? link : null;
}

function sign(secret: Uint8Array, link: ArtifactLink): Buffer {
  const text = JSON.stringify(['artifact-link', link.key, link.expiresAtSec, link.fileName]);
  return createHmac('sha256', secret).update(text).digest();
}
