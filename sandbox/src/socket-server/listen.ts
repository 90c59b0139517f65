import { chmod, chown, lstat, unlink } from 'node:fs/promises';
import { createConnection, type Server } from 'node:net';
import path from 'node:path';
import { LauncherFailure } from '../socket/launcher-failure.ts';
import { prepareSocketFolder } from '../socket/socket-folder.ts';

/** Who besides root may connect: one user, or all of a group. */
export type SocketAccess =
  | { readonly kind: 'user'; readonly uid: number; readonly gid: number }
  | { readonly kind: 'group'; readonly gid: number }
  | { readonly kind: 'owner' };

/**
 * Listens on a Unix socket that nobody else can connect to at any moment: it is made 0600 and given away afterwards. Throws
 * LauncherFailure, also for a folder in which others could replace it.
 */
export async function listenAt(server: Server, socketPath: string, access: SocketAccess): Promise<void> {
  await prepareSocketFolder(path.dirname(socketPath), access.kind === 'owner' ? null : access.gid);
  await removeOldSocket(socketPath);
  await listen(server, socketPath);
  if (access.kind === 'user') await chown(socketPath, access.uid, access.gid);
  if (access.kind !== 'group') return;
  await chown(socketPath, process.getuid?.() ?? 0, access.gid);
  await chmod(socketPath, 0o660);
}

async function removeOldSocket(socketPath: string): Promise<void> {
  const stats = await lstat(socketPath).catch(() => null);
  if (stats === null) return;
  if (!stats.isSocket()) throw new LauncherFailure(`${socketPath} is there already and is no socket`);
  if (await isListening(socketPath)) throw new LauncherFailure(`another launcher listens at ${socketPath}`);
  await unlink(socketPath);
}

function isListening(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ path: socketPath });
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

function listen(server: Server, socketPath: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const onError = (error: Error): void =>
      reject(new LauncherFailure(`cannot listen at ${socketPath}: ${error.message}`, { cause: error }));
    // The mode comes with the socket: bind happens within this call.
    const former = process.umask(0o177);
    try {
      server.once('error', onError);
      server.listen(socketPath, () => {
        server.off('error', onError);
        resolve();
      });
    } finally {
      process.umask(former);
    }
  });
}
