export { formatLauncherFacts, type LauncherFacts } from './launcher-facts.ts';
export { LauncherFailure } from './launcher-failure.ts';
export { DEFAULT_PLACE_SIZES, type PlaceSizes } from './open-frame.ts';
export { SocketLauncher, type SocketLauncherOptions } from './socket-launcher.ts';
