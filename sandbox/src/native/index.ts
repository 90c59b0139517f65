export { HostRefusal } from '../keeper/host-refusal.ts';
export { LauncherFailure } from '../socket/launcher-failure.ts';
export { NativeLauncher, type LauncherLog, type NativeLauncherOptions } from './native-launcher.ts';
export { prepareSocketFolder, type SocketUser } from './socket-folder.ts';
export { DEFAULT_PLACE_SIZES, type PlaceSizes } from '../socket/open-frame.ts';
