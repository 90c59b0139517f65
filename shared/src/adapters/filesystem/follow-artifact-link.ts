import type { ArtifactStore } from '../../ports/index.ts';
import { embeddedPath } from '../../domain/index.ts';
import { ARTIFACT_ROUTE, verifyArtifactLink } from './artifact-link.ts';

/** The bytes behind a signed link, or null when it is not valid at `nowMs` or the object is gone. */
export async function followArtifactLink(
  store: ArtifactStore,
  secret: Uint8Array,
  url: string,
  nowMs: number,
): Promise<Uint8Array | null> {
  const { pathname, searchParams } = new URL(url);
  const link = verifyArtifactLink(
    secret,
    {
      key: pathname.slice(ARTIFACT_ROUTE.length),
      expires: searchParams.get('expires'),
      name: searchParams.get('name'),
      signature: searchParams.get('signature'),
    },
    nowMs,
  );
  return link === null ? null : store.get(embeddedPath(link.key));
}
