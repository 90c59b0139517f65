import path from 'node:path';
import { type CommandOutput, runCommand } from './command.ts';
import { ROOT_PATH } from './recipe.ts';

export interface RootCommandOptions {
  readonly task: string;
  /** The tree. */
  readonly dir: string;
  /** `writable` while the tree is made; `read-only` leaves it as it is. /tmp is a scratch folder that goes with the command. */
  readonly access: 'writable' | 'read-only';
  /** Folder of the host that takes the place of the scratch folder on /tmp. */
  readonly tmpDir?: string;
  readonly signal?: AbortSignal | undefined;
}

/** In private mount, pid and network namespaces: nothing mounted here is seen, or left, outside. */
const ENTER = [
  'set -e',
  'root=$1 access=$2 tmp=$3; shift 3',
  'mount --bind "$root" "$root"',
  'mount -t proc -o nosuid,nodev,noexec proc "$root/proc"',
  'mount -t tmpfs -o nosuid,size=64k,mode=755 dev "$root/dev"',
  'for node in null zero full random urandom; do : > "$root/dev/$node"; mount --bind "/dev/$node" "$root/dev/$node"; done',
  'ln -s /proc/self/fd "$root/dev/fd"',
  'if [ -n "$tmp" ]; then mount --bind "$tmp" "$root/tmp"; else mount -t tmpfs -o nosuid,nodev,mode=1777 tmp "$root/tmp"; fi',
  'if [ "$access" = read-only ]; then mount -o remount,bind,ro "$root"; fi',
  'exec chroot "$root" /usr/bin/env -i --chdir=/tmp "$@"',
].join('\n');

/** Runs one command as root inside the tree, without network. Throws RuntimeRootError when it fails. */
export function runInRoot(argv: readonly string[], options: RootCommandOptions): Promise<CommandOutput> {
  const tmpDir = options.tmpDir === undefined ? '' : path.resolve(options.tmpDir);
  const enter = ['unshare', '--net', '--', 'sh', '-c', ENTER, 'sh', path.resolve(options.dir), options.access, tmpDir];
  const environment = { PATH: ROOT_PATH, HOME: '/tmp', LANG: 'C.UTF-8', TMPDIR: '/tmp' };
  const command = [...Object.entries(environment).map(([name, value]) => `${name}=${value}`), ...argv];
  const task = `${options.task} (${argv.join(' ').slice(0, 200)})`;
  return runCommand([...enter, ...command], {
    task,
    environment: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
    signal: options.signal,
  });
}
