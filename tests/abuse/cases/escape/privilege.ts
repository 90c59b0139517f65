import type { AbuseCase } from '../../case.ts';
import { bash } from '../../programs.ts';
import { attempts, DENIED } from '../attempts.ts';

/** Opens for writing, and writes if that is allowed. */
const WRITE = `static long write_to(const char *path, const char *text) {
  int file = open(path, O_WRONLY | O_CLOEXEC);
  return file < 0 ? -1 : write(file, text, strlen(text));
}`;

/** A fresh user namespace, as every exploit of file system and network code begins. */
const NAMESPACE = `#include <sys/mount.h>
static long in_user_namespace(long (*act)(void)) {
  if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return -1;
  return act();
}
static long mounts(void) { return mount("none", "/tmp", "tmpfs", 0, 0); }`;

const NO_MORE_RIGHTS = `
for program in su mount umount passwd chsh newgrp gpasswd sudo ping pkexec fusermount; do
  path=$(command -v $program) && [ -n "$(find "$path" -perm /6000)" ] && echo "setuid: $path"
done
find / -xdev -type f -perm /6000 2>/dev/null
getcap -r / 2>/dev/null
su -c 'id -u' < /dev/null 2>/dev/null
mount -t tmpfs none /tmp 2>/dev/null && echo mounted
printf 'x\\nx\\nx\\n' | passwd 2>/dev/null && echo passwd
cp /usr/bin/id id && chmod 6755 id && [ "$(./id -u)" = 0 ] && echo 'own setuid file'
setcap cap_setuid+ep id 2>/dev/null && echo setcap
grep -q '^NoNewPrivs:[[:space:]]*1$' /proc/self/status || echo 'new privileges possible'
for set in CapInh CapPrm CapEff CapAmb; do
  grep -q "^$set:[[:space:]]*0*$" /proc/self/status || grep "^$set" /proc/self/status
done
# What PID 1 has: it cannot drop them from a bounding set, and without new privileges nobody gets them.
grep -Eq "^CapBnd:[[:space:]]*0*(e0)?$" /proc/self/status || grep ^CapBnd /proc/self/status
exit 0`;

export const PRIVILEGE_CASES: readonly AbuseCase[] = [
  {
    id: 'E2',
    title: 'a new user namespace, and a mount in it',
    tags: ['fast', 'full'],
    expected: 'EPERM, ENOSYS for clone3',
    acts: [
      attempts(
        [
          ['unshare', 'unshare(CLONE_NEWUSER)', 'EPERM'],
          ['unshare and mount', 'in_user_namespace(mounts)', 'EPERM'],
          ['clone', 'CLONE(CLONE_NEWUSER)', 'EPERM'],
          ['clone with everything', 'CLONE(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET)', 'EPERM'],
          [
            'clone3',
            '({ uint64_t args[11] = {CLONE_NEWUSER, [4] = SIGCHLD}; CALL(clone3, args, sizeof args); })',
            'ENOSYS',
          ],
          ['mount without', 'mounts()', 'EPERM'],
          ['uid map', 'write_to("/proc/self/uid_map", "0 0 1")', DENIED],
        ],
        { before: `${NAMESPACE}\n${WRITE}` },
      ),
    ],
  },
  {
    id: 'E3',
    title: 'setuid programs, an own setuid file, file capabilities',
    tags: ['fast', 'full'],
    expected: 'none in the image, no gain from an own one',
    acts: [
      {
        name: 'programs',
        job: bash(NO_MORE_RIGHTS, { limits: { wallTimeMs: 20_000 } }),
        expect: { verdicts: ['ok'], stdout: '' },
      },
      attempts(
        [
          ['setuid', 'setuid(0)', 'EPERM'],
          ['setresuid', 'setresuid(-1, 0, -1)', 'EPERM'],
          ['setgid', 'setgid(0)', 'EPERM'],
          ['a uid of a neighbour', 'setuid(getuid() + 1)', 'EPERM'],
          ['capset', 'CALL(capset, (uint32_t[]){0x20080522, 0}, (uint32_t[]){~0u, ~0u, ~0u, ~0u, ~0u, ~0u})', 'EPERM'],
          ['ambient', 'prctl(47, 2, 21, 0, 0)', /^(EPERM|EINVAL|EACCES)$/],
          ['keep new privileges', 'prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0)', 'EINVAL'],
          [
            'file capability',
            'CALL(fsetxattr, open("f", O_CREAT | O_RDWR, 0700), "security.capability", "\\1\\0\\0\\2\\200\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0", 20, 0)',
            /^(EPERM|EOPNOTSUPP)$/,
          ],
          ['give a file to root', 'chown("/box", 0, 0)', 'EPERM'],
        ],
        { name: 'calls' },
      ),
    ],
  },
  {
    id: 'E4',
    title: "the kernel's switches: core_pattern, sysrq, release_agent, everything writable below /proc and /sys",
    tags: ['fast', 'full'],
    expected: 'EROFS, EACCES, or not there',
    acts: [
      attempts(
        [
          ['core_pattern', 'write_to("/proc/sys/kernel/core_pattern", "|/box/x")', DENIED],
          ['modprobe', 'write_to("/proc/sys/kernel/modprobe", "/box/x")', DENIED],
          ['hotplug', 'write_to("/sys/kernel/uevent_helper", "/box/x")', DENIED],
          ['binfmt', 'write_to("/proc/sys/fs/binfmt_misc/register", ":x:M::x::/box/x:")', DENIED],
          ['sysrq', 'write_to("/proc/sysrq-trigger", "c")', DENIED],
          ['release agent', 'write_to("/sys/fs/cgroup/release_agent", "/box/x")', DENIED],
          ['release agent of a hierarchy', 'write_to("/sys/fs/cgroup/memory/release_agent", "/box/x")', DENIED],
          ['notify', 'write_to("/sys/fs/cgroup/pids/notify_on_release", "1")', DENIED],
          ['own limit', 'write_to("/sys/fs/cgroup/memory/memory.limit_in_bytes", "-1")', DENIED],
          ['own limit, v2', 'write_to("/sys/fs/cgroup/memory.max", "max")', DENIED],
          ['a group of its own', 'mkdir("/sys/fs/cgroup/x", 0700)', DENIED],
          ['a group of its own in a hierarchy', 'mkdir("/sys/fs/cgroup/memory/x", 0700)', DENIED],
          ['randomization', 'write_to("/proc/sys/kernel/randomize_va_space", "0")', DENIED],
          ['uevent', 'write_to("/sys/class/mem/null/uevent", "add")', DENIED],
          ['memory score of PID 1', 'write_to("/proc/1/oom_score_adj", "1000")', DENIED],
        ],
        { name: 'by name', before: WRITE },
      ),
      {
        name: 'all files that could be written',
        job: bash(
          // What belongs to the own process is its own affair: only files outside /proc/<number> count.
          `find /proc /sys -type f -writable 2>/dev/null | grep -Ev '^/proc/(self|thread-self|[0-9]+)/' | while read -r file; do
  # Masked by /dev/null.
  [ -c "$file" ] && continue
  { : >> "$file"; } 2>/dev/null && echo "$file"
done
exit 0`,
          { limits: { wallTimeMs: 30_000 } },
        ),
        expect: { verdicts: ['ok'], stdout: '' },
      },
    ],
  },
  {
    id: 'E5',
    title: 'devices: made, opened, found',
    tags: ['fast', 'full'],
    expected: 'absent or EPERM',
    acts: [
      attempts(
        [
          ...[
            'vda',
            'sda',
            'nvme0n1',
            'mem',
            'port',
            'kmsg',
            'kvm',
            'vsock',
            'vhost-net',
            'vhost-vsock',
            'net/tun',
            'fuse',
            'loop0',
            'loop-control',
            'dri/card0',
            'snd/timer',
            'uinput',
            'userfaultfd',
            'hwrng',
            'console',
            'ptmx0',
          ].map((name) => [`open ${name}`, `open("/dev/${name}", O_RDONLY)`, DENIED] as const),
          ['make a disk', 'mknod("/box/disk", S_IFBLK | 0666, makedev(8, 0))', 'EPERM'],
          ['make memory', 'mknod("/box/memory", S_IFCHR | 0666, makedev(1, 1))', 'EPERM'],
          ['make null', 'mknod("/box/null", S_IFCHR | 0666, makedev(1, 3))', 'EPERM'],
          ['make a whiteout', 'mknod("/box/whiteout", S_IFCHR, 0)', /^(EPERM|ok)$/],
          ['write to /dev', 'open("/dev/x", O_CREAT | O_WRONLY, 0600)', DENIED],
        ],
        { name: 'calls', before: '#include <sys/sysmacros.h>' },
      ),
      {
        name: 'found',
        job: bash(
          "find /dev \\( -type b -o -type c \\) | grep -Evx '/dev/(null|zero|full|random|urandom|tty|ptmx|pts/ptmx|pts/[0-9]+)'; exit 0",
        ),
        expect: { verdicts: ['ok'], stdout: '' },
      },
    ],
  },
];
