export { HostRefusal } from '../keeper/host-refusal.ts';
export { LauncherFailure } from '../socket/launcher-failure.ts';
export { NativeLauncher } from './native-launcher.ts';
export type { LauncherLog, NativeLauncherOptions, SocketUser } from './options.ts';
export { DEFAULT_PLACE_BOUNDS, MOST_NATIVE_PLACES, type NativeBounds } from './place-bounds.ts';
export { prepareUserFolder } from '../socket/socket-folder.ts';
export { DEFAULT_PLACE_SIZES, type PlaceSizes } from '../socket/open-frame.ts';
