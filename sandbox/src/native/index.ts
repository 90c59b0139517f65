export { HostRefusal, LauncherFailure } from './host-refusal.ts';
export { NativeLauncher, type LauncherLog, type NativeLauncherOptions } from './native-launcher.ts';
export { DEFAULT_PLACE_SIZES, type PlaceSizes } from './open-frame.ts';
