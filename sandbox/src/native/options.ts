import type { PlaceSizes } from '../socket/open-frame.ts';
import type { NativeBounds } from './place-bounds.ts';

/** Lock files and sockets of all native launchers of a host. */
export const DEFAULT_STATE_DIR = '/run/runyard';

export interface SocketUser {
  readonly uid: number;
  readonly gid: number;
}

export type LauncherLog = (level: 'info' | 'warn' | 'error', message: string) => void;

export interface NativeLauncherOptions {
  /** Binaries of `@runyard/sandbox/runtime-root`. Absolute paths. */
  readonly keeperPath: string;
  readonly launcherPath: string;
  readonly supervisorPath: string;
  readonly rootDir: string;
  /** One per host, shared by its launchers: they share out uids and sweep each other's remains there. */
  readonly stateDir?: string;
  /** 8 lower-case hex digits; default random. Two launchers of one owner cannot run at the same time. */
  readonly ownerId?: string;
  /** Where the socket stands: a folder that others may not write to; made when missing. Default: a folder of its own below `stateDir`. */
  readonly socketPath?: string;
  /** The only one besides root who may connect; null: nobody. */
  readonly user?: SocketUser | null;
  /** Told to whoever asks the launcher what it is. */
  readonly setup?: { readonly runtimeRoot: string; readonly toolchains: Readonly<Record<string, string>> };
  readonly sizes?: Partial<PlaceSizes>;
  /** Default: DEFAULT_PLACE_BOUNDS. */
  readonly bounds?: Partial<NativeBounds>;
  /** How long the daemon may take to check the host and sweep. */
  readonly readyMs?: number;
  readonly log?: LauncherLog;
}
