/** Ports that only the gateway uses; whoever composes the process provides them. */

/** The parts of a signed link as they came in a request, decoded; null when missing. */
export interface ArtifactLinkParts {
  /** What follows `/artifacts/`. */
  readonly key: string;
  readonly expires: string | null;
  readonly name: string | null;
  readonly signature: string | null;
}

export interface LinkedArtifact {
  /** URI of the object, as `ArtifactStore.put` returned it. */
  readonly path: string;
  /** Name for the client's copy. */
  readonly fileName: string;
}

/** What a link of `ArtifactStore.signUrl` leads to; null for one that is altered, over, or was never ours. */
export type VerifyArtifactLink = (parts: ArtifactLinkParts, nowMs: number) => LinkedArtifact | null;

/** What `/version` shows. */
export interface ServerVersion {
  readonly version: string;
  /** Further facts, such as launcher and runtime root. */
  readonly details: Readonly<Record<string, string>>;
}
