import { readFileSync } from 'node:fs';
import { StartupError } from '@runyard/shared/errors';
import type { ServerUser } from './choose-user.ts';

const FIRST_FREE_PORT = 1024;

/** Ports that only root may listen at: the server listens after it has given root's rights up. Throws StartupError. */
export function requireFreePort(port: number, user: ServerUser, firstFree: number = firstFreePort()): void {
  if (port === 0 || port >= firstFree) return;
  throw new StartupError(
    `PORT=${port} is one that only root may listen at, and the server runs as ${user.name}.\nChoose a port from ${firstFree} with a proxy before it, allow it (sysctl net.ipv4.ip_unprivileged_port_start=${port}), or stay root with RUNYARD_USER=root.`,
  );
}

function firstFreePort(): number {
  try {
    return Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8'));
  } catch {
    return FIRST_FREE_PORT;
  }
}

/** A folder that cannot be reached shows as one that cannot be opened; what is missing is the way to it. */
export function explainReach(folder: string, user: ServerUser, error: unknown): unknown {
  if (!(error instanceof StartupError) || !/EACCES|EPERM|unable to open/.test(error.message)) return error;
  return new StartupError(
    `The server runs as ${user.name} (${user.uid}:${user.gid}), which cannot reach the data folder ${folder}: a folder on the way to it is closed to others.\nSet RUNYARD_DATA_DIR to another place, open the way (chmod o+x), or stay root with RUNYARD_USER=root.`,
    { cause: error },
  );
}
