export { formatArtifactLink, verifyArtifactLink, type ArtifactLink, type ArtifactLinkParts } from './artifact-link.ts';
export * from './data-directory.ts';
export * from './filesystem-artifact-store.ts';
export * from './follow-artifact-link.ts';
