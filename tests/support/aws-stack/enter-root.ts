/**
 * Processes inside the stand-in's root. Each has mount and pid namespaces of its own and is tied to the process that started
 * it: when that one dies, in whatever way, the kernel kills all of it, and nothing stays mounted.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { LAYER_MOUNT } from './recipe.ts';

export interface StandInTree {
  /** The Debian root; never written to. */
  readonly rootDir: string;
  /** The folder with `python`, `libs` and the scripts; appears at LAYER_MOUNT. */
  readonly layerDir: string;
}

export interface EnterOptions {
  readonly tree: StandInTree;
  readonly argv: readonly string[];
  /** The whole environment inside. */
  readonly environment: Readonly<Record<string, string>>;
  /** `builder` is root, may write to the layer and reaches the network; `server` is nobody and may write to /tmp alone. */
  readonly role: 'builder' | 'server';
}

/** Uid and gid of nobody and nogroup on Debian. */
const NOBODY = '65534';

/** $1 root, $2 layer, $3 its mount point, $4 role, $5 the host's certificates. */
const ENTER = [
  'set -e',
  'root=$1 layer=$2 mount=$3 role=$4 certificates=$5; shift 5',
  'mount --bind "$root" "$root"',
  'mount -o remount,bind,ro "$root"',
  'mount -t proc -o nosuid,nodev,noexec proc "$root/proc"',
  'mount -t tmpfs -o nosuid,size=64k,mode=755 dev "$root/dev"',
  'for node in null zero full random urandom; do : > "$root/dev/$node"; mount --bind "/dev/$node" "$root/dev/$node"; done',
  'ln -s /proc/self/fd "$root/dev/fd"',
  'mkdir "$root/dev/shm"; mount -t tmpfs -o nosuid,nodev,mode=1777 shm "$root/dev/shm"',
  'mount -t tmpfs -o nosuid,nodev,mode=1777 tmp "$root/tmp"',
  'mount --bind "$layer" "$root$mount"',
  'if [ "$role" = server ]; then mount -o remount,bind,ro "$root$mount"; fi',
  'if [ "$role" = builder ]; then',
  '  for file in /etc/resolv.conf /etc/hosts; do if [ -f "$file" ]; then mount --bind "$file" "$root$file"; fi; done',
  // Where a proxy looks into TLS, only the host's own bundle knows its authority.
  '  if [ -f "$certificates" ]; then mount --bind "$certificates" "$root/etc/ssl/certs/ca-certificates.crt"; fi',
  '  mkdir "$root/tmp/home"; if [ -f /etc/pip.conf ]; then cp /etc/pip.conf "$root/tmp/pip.conf"; fi',
  '  for name in .config/pip/pip.conf .pip/pip.conf; do',
  '    if [ -f "$HOME/$name" ]; then mkdir -p "$root/tmp/home/${name%/*}"; cp "$HOME/$name" "$root/tmp/home/$name"; fi',
  '  done',
  'fi',
  'exec chroot "$root" /usr/bin/env -i --chdir=/tmp "$@"',
].join('\n');

/** A change of user ends the tie to the parent, so it is tied again afterwards; `setpriv` does it in this order. */
const AS_NOBODY = [
  'setpriv',
  `--reuid=${NOBODY}`,
  `--regid=${NOBODY}`,
  '--clear-groups',
  '--no-new-privs',
  '--bounding-set=-all',
  '--pdeathsig=KILL',
  '--',
];

const OUTSIDE = 'setpriv --pdeathsig=KILL unshare --mount --pid --fork --kill-child --mount-proc -- sh -c'
  .split(' ')
  .concat(ENTER, 'sh');

/** Starts `argv` inside. Standard output and error are pipes. Kill the returned process with SIGKILL: all of it goes. */
export function spawnInRoot({
  tree,
  argv,
  environment,
  role,
}: EnterOptions): ChildProcessByStdio<null, Readable, Readable> {
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  const [program = '', ...args] = [
    ...OUTSIDE,
    tree.rootDir,
    tree.layerDir,
    LAYER_MOUNT,
    role,
    hostCertificates(),
    ...variables,
    ...(role === 'server' ? AS_NOBODY : []),
    ...argv,
  ];
  return spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: process.env['HOME'] ?? '/root' },
  });
}

const DEBIAN_BUNDLE = '/etc/ssl/certs/ca-certificates.crt';

function hostCertificates(): string {
  const { PIP_CERT, SSL_CERT_FILE, CURL_CA_BUNDLE, REQUESTS_CA_BUNDLE } = process.env;
  return PIP_CERT ?? SSL_CERT_FILE ?? CURL_CA_BUNDLE ?? REQUESTS_CA_BUNDLE ?? DEBIAN_BUNDLE;
}
