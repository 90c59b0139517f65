export { createApp, type GatewayDeps } from './app.ts';
export type { ArtifactLinkParts, LinkedArtifact, ServerVersion, VerifyArtifactLink } from './application/ports.ts';
export { type GatewayConfig, loadConfig } from './config.ts';
export { type Gateway, type GatewayOptions, startGateway } from './server.ts';
