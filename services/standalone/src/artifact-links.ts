import type { VerifyArtifactLink } from '@runyard/api-gateway';
import { verifyArtifactLink } from '@runyard/shared/adapters/filesystem';
import { embeddedPath } from '@runyard/shared/domain';

/** What the gateway asks about links that the folder of artifacts signed. */
export function linkVerifier(secret: Uint8Array): VerifyArtifactLink {
  return (parts, nowMs) => {
    const link = verifyArtifactLink(secret, parts, nowMs);
    return link === null ? null : { path: embeddedPath(link.key), fileName: link.fileName };
  };
}
