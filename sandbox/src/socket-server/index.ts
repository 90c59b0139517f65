export { LauncherServer, type LauncherServerOptions } from './launcher-server.ts';
export type { SocketAccess } from './listen.ts';
export type { PlaceBounds } from './open-request.ts';
