/** Options that say nothing about what a program may do, or differ from host to host. */
const NOISE =
  /^(relatime|noatime|inode(32|64)|lowerdir=.*|upperdir=.*|workdir=.*|seclabel|context=.*|xino=.*|index=.*|metacopy=.*|redirect_dir=.*|nouserxattr|userxattr|fsync=.*|uuid=.*|volatile|datalayout=.*)$/;
/** What a kernel file system says of itself beyond its flags; of all others it depends on the host's disk. */
const TELLING_TYPES: ReadonlySet<string> = new Set(['tmpfs', 'proc', 'mqueue', 'devpts']);

/**
 * By mount point: type, flags and, where they are ours, sizes. All control groups are one entry, since their number differs
 * from host to host. A point that is mounted over again shows its uppermost mount, which is what a program meets.
 */
export function observeMounts(mountinfo: string): Readonly<Record<string, string>> {
  const mounts: Record<string, string> = {};
  for (const line of mountinfo.trim().split('\n')) {
    const { point, type, flags, options } = parse(line);
    if (type === 'cgroup' || type === 'cgroup2') {
      const all = new Set([...(mounts['control groups']?.split(' | ') ?? []), flags]);
      mounts['control groups'] = [...all].toSorted().join(' | ');
    } else {
      const kind = typeOf(point, type);
      mounts[point] = [kind, flags, TELLING_TYPES.has(kind) ? options : ''].filter(Boolean).join(' ');
    }
  }
  return mounts;
}

/** `36 35 98:0 /root /point rw,relatime shared:1 - type source options`, see proc_pid_mountinfo(5). */
function parse(line: string): { point: string; type: string; flags: string; options: string } {
  const [before = '', after = ''] = line.split(' - ');
  const fields = before.split(' ');
  const [type = '', , options = ''] = after.split(' ');
  // Propagation matters: what is mounted inside a shared mount appears on the host.
  const isShared = fields.slice(6).some((field) => field.startsWith('shared:'));
  const flags = `${meaningful(fields[5] ?? '')}${isShared ? ',shared' : ''}`;
  return { point: fields[4] ?? '', type, flags, options: meaningful(options) };
}

function meaningful(options: string): string {
  return options
    .split(',')
    .filter((option) => !NOISE.test(option))
    .join(',');
}

const KERNEL_TYPES: ReadonlySet<string> = new Set([...TELLING_TYPES, 'devtmpfs', 'sysfs', 'securityfs', 'bpf']);

/** Whatever disk the root lies on. A masked file is a device or an empty file of some kind. */
function typeOf(point: string, type: string): string {
  if (point === '/') return 'root';
  if (/^\/(proc|sys)\/./.test(point)) return 'cover';
  return KERNEL_TYPES.has(type) ? type : 'disk';
}
