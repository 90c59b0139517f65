import type { AbuseCase, Act } from '../../case.ts';
import { bash, cMain } from '../../programs.ts';
import { type Attempt, attempts, DENIED } from '../attempts.ts';

/** Whatever it does to PID 1, the deadline is kept. */
const FIGHT_PID_1 = `signal(SIGTERM, SIG_IGN);
for (;;) {
  kill(1, SIGKILL); kill(1, SIGSTOP); kill(1, SIGTERM); kill(1, SIGSEGV);
  ptrace(PTRACE_SEIZE, 1, 0, 0);
  struct rlimit none = {0, 0};
  prlimit(1, RLIMIT_CPU, &none, 0);
  close(open("/proc/1/mem", O_RDWR));
}`;

const SOCKETS = `
find / -type s 2>/dev/null
grep -s '@' /proc/net/unix
find / \\( -name '*docker*.sock' -o -name 'containerd*' -o -name 'crio.sock' -o -name 'podman.sock' -o -name 'launcher.sock' \\) 2>/dev/null
env | grep -i -E 'docker|containerd|socket|aws|token|secret|key'
exit 0`;

/** Tries abstract names of daemons and every socket path that a host usually has. */
const CONNECT = `static long connect_to(const char *path, int is_abstract) {
  struct sockaddr_un name = {.sun_family = AF_UNIX};
  strcpy(name.sun_path + is_abstract, path);
  socklen_t length = offsetof(struct sockaddr_un, sun_path) + is_abstract + strlen(path) + !is_abstract;
  return connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&name, length);
}`;

/** What can be opened but is empty is as good as denied. */
const READ = `static long reads(const char *path) {
  static char text[65536];
  int file = open(path, O_RDONLY);
  long got = file < 0 ? -1 : read(file, text, sizeof text);
  if (got == 0) errno = ENOENT;
  return got > 0 ? got : -1;
}
static long lists(const char *path) {
  DIR *folder = opendir(path);
  struct dirent *entry;
  while (folder && (entry = readdir(folder)))
    if (entry->d_name[0] != '.') return 0;
  if (folder) errno = ENOENT;
  return -1;
}`;

const HANDLE = 'struct { unsigned bytes; int type; unsigned char handle[8]; } root = {8, 1, {2}};';

const KEYS = `#include <linux/keyctl.h>`;

const ON_PID_1: readonly Attempt[] = [
  ['kill 1', 'kill(1, SIGKILL)', 'EPERM'],
  ['stop 1', 'kill(1, SIGSTOP)', 'EPERM'],
  ['trace 1', 'ptrace(PTRACE_ATTACH, 1, 0, 0)', 'EPERM'],
  ['seize 1', 'ptrace(PTRACE_SEIZE, 1, 0, 0)', 'EPERM'],
  ['memory of 1', 'open("/proc/1/mem", O_RDWR)', DENIED],
  ['files of 1', 'lists("/proc/1/fd")', DENIED],
  ['root of 1', 'open("/proc/1/root/etc/shadow", O_RDONLY)', DENIED],
  ['environment of 1', 'reads("/proc/1/environ")', DENIED],
  ['maps of 1', 'reads("/proc/1/maps")', DENIED],
  ['write into 1', 'process_vm_writev(1, &(struct iovec){zeros, 8}, 1, &(struct iovec){zeros, 8}, 1, 0)', 'EPERM'],
  ['limits of 1', 'prlimit(1, RLIMIT_CPU, &(struct rlimit){0, 0}, 0)', 'EPERM'],
  ['priority of 1', 'setpriority(PRIO_PROCESS, 1, 19)', /^(EPERM|EACCES)$/],
  [
    'signal by pidfd',
    'CALL(pidfd_send_signal, syscall(SYS_pidfd_open, 1, 0), SIGKILL, 0, 0)',
    /^(EPERM|EBADF|ESRCH|ENOSYS)$/,
  ],
];
const KILL_ALL_AND_DEADLINE: readonly Act[] = [
  {
    name: 'kill -1',
    job: cMain(
      'for (int i = 0; i < 3; i++) if (fork() == 0) pause(); usleep(20000); kill(-1, SIGKILL); int n = 0; while (wait(0) > 0) n++; printf("%d\\n", n);',
    ),
    expect: { verdicts: ['ok'], stdout: '3\n' },
  },
  {
    name: 'deadline',
    job: cMain(FIGHT_PID_1, { limits: { wallTimeMs: 1000, cpuTimeMs: 10_000 } }),
    expect: { verdicts: ['wall_time_limit'], step: 'run', killWithinMs: 3000 },
  },
];

export const NEIGHBOURHOOD_CASES: readonly AbuseCase[] = [
  {
    id: 'E6',
    title: 'sockets of an engine, of the launcher, of anybody',
    tags: ['fast', 'full'],
    expected: 'none',
    acts: [
      {
        name: 'found',
        job: bash(SOCKETS, { limits: { wallTimeMs: 20_000 } }),
        expect: { verdicts: ['ok'], stdout: '' },
      },
      attempts(
        [
          ...[
            '/var/run/docker.sock',
            '/run/docker.sock',
            '/run/containerd/containerd.sock',
            '/run/systemd/private',
            '/run/dbus/system_bus_socket',
            '/run/runyard/launcher.sock',
            '/tmp/.X11-unix/X0',
          ].map((path) => [path, `connect_to("${path}", 0)`, DENIED] as const),
          ...['/containerd-shim/moby/x/shim.sock', '/tmp/.X11-unix/X0', '/tmp/dbus-x', 'launcher', 'runyard'].map(
            (name) => [`@${name}`, `connect_to("${name}", 1)`, 'ECONNREFUSED'] as const,
          ),
        ],
        { name: 'tried', before: CONNECT },
      ),
    ],
  },
  {
    id: 'E7',
    title: "/proc/self/exe, the supervisor's file, leaked descriptors, a working directory in /proc/self/fd",
    tags: ['fast', 'full'],
    expected: 'read-only; only 0, 1 and 2 are open; a request for a working directory is refused',
    acts: [
      attempts(
        [
          ['own program', 'open("/proc/self/exe", O_WRONLY)', /^(EACCES|EROFS|ETXTBSY)$/],
          ['own program by name', 'open("/program/main", O_WRONLY | O_TRUNC)', /^(EACCES|EROFS|ETXTBSY|ENOENT)$/],
          ['another program beside it', 'open("/program/x", O_CREAT | O_WRONLY, 0600)', /^(EACCES|EROFS)$/],
          ['program of PID 1', 'open("/proc/1/exe", O_RDONLY)', DENIED],
          ['program of the supervisor', 'open("/opt/runyard/supervisor", O_WRONLY)', DENIED],
          ['a loader', 'open("/lib64/ld-linux-x86-64.so.2", O_WRONLY)', /^(EACCES|EROFS|ENOENT|ETXTBSY)$/],
          ['a shell', 'open("/bin/sh", O_WRONLY)', /^(EACCES|EROFS|ETXTBSY)$/],
          ['folder of a descriptor', 'chdir("/proc/self/fd/3/..")', /^(ENOENT|EACCES|ENOTDIR)$/],
        ],
        { name: 'files' },
      ),
      {
        name: 'descriptors',
        job: cMain(
          'for (int i = 0; i < 65536; i++) if (fcntl(i, F_GETFD) >= 0) printf("%d ", i); fflush(stdout); system("ls /proc/self/fd | wc -l");',
        ),
        // ls has one more for the folder.
        expect: { verdicts: ['ok'], stdout: '0 1 2 4\n' },
      },
      {
        name: 'where they lead',
        job: bash('for fd in 0 1 2; do readlink /proc/self/fd/$fd; done | sed "s/[0-9]*//g"'),
        expect: { verdicts: ['ok'], stdout: /^((pipe|host):\[\]\n|\/dev\/null\n){3}$/ },
      },
      {
        name: 'working directory',
        http: {
          method: 'POST',
          path: '/submit',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ language: 'bash', code: 'pwd', workingDir: '/proc/self/fd/7' }),
        },
        expect: { statuses: [400], code: 'invalid_request', paths: ['/workingDir'] },
      },
    ],
  },
  {
    id: 'E8',
    title: 'kill, trace, read and rewrite PID 1; kill everybody',
    tags: ['fast', 'full'],
    expected: 'EPERM; the deadline is kept',
    acts: [attempts(ON_PID_1, { name: 'calls', before: READ }), ...KILL_ALL_AND_DEADLINE],
    deviates: {
      runsc: {
        decision:
          'gVisor lets anybody set the nice value of PID 1; its kernel schedules by threads of the host and does not use it.',
        acts: [
          attempts(
            ON_PID_1.filter(([name]) => name !== 'priority of 1'),
            { name: 'calls', before: READ },
          ),
          ...KILL_ALL_AND_DEADLINE,
        ],
      },
    },
  },
  {
    id: 'E9',
    title: 'files by number instead of by path (shocker)',
    tags: ['fast', 'full'],
    expected: 'EPERM',
    acts: [
      attempts([
        [
          'root of the file system',
          `({ ${HANDLE} CALL(open_by_handle_at, open("/", O_RDONLY), &root, O_RDONLY); })`,
          'EPERM',
        ],
        [
          'through /etc/hosts',
          `({ ${HANDLE} CALL(open_by_handle_at, open("/etc/hosts", O_RDONLY), &root, O_RDONLY); })`,
          'EPERM',
        ],
        ['through /box', `({ ${HANDLE} CALL(open_by_handle_at, open("/box", O_RDONLY), &root, O_RDONLY); })`, 'EPERM'],
        [
          'ask for a handle',
          `({ ${HANDLE} int id; CALL(name_to_handle_at, AT_FDCWD, "/etc/passwd", &root, &id, 0); })`,
          'EPERM',
        ],
      ]),
    ],
  },
  {
    id: 'E10',
    title: 'a secret in the kernel keyrings, and a second job that looks for it',
    tags: ['fast', 'full'],
    expected: 'denied; nothing found',
    acts: [
      attempts(
        [
          ...['THREAD', 'PROCESS', 'SESSION', 'USER', 'USER_SESSION'].map(
            (ring) =>
              [
                `add to ${ring}`,
                `CALL(add_key, "user", "runyard-abuse", "secret", 6, KEY_SPEC_${ring}_KEYRING)`,
                'EPERM',
              ] as const,
          ),
          ['join a session', 'CALL(keyctl, KEYCTL_JOIN_SESSION_KEYRING, "runyard-abuse")', 'EPERM'],
          ['persistent ring', 'CALL(keyctl, KEYCTL_GET_PERSISTENT, -1, KEY_SPEC_PROCESS_KEYRING)', 'EPERM'],
        ],
        { name: 'leaves', before: KEYS },
      ),
      attempts(
        [
          ['search', 'CALL(keyctl, KEYCTL_SEARCH, KEY_SPEC_USER_KEYRING, "user", "runyard-abuse", 0)', 'EPERM'],
          ['request', 'CALL(request_key, "user", "runyard-abuse", 0, 0)', 'EPERM'],
          ['read', 'CALL(keyctl, KEYCTL_READ, KEY_SPEC_SESSION_KEYRING, zeros, 4096)', 'EPERM'],
        ],
        { name: 'looks', before: KEYS },
      ),
      {
        name: 'lists',
        job: bash('cat /proc/keys /proc/key-users 2>/dev/null; exit 0'),
        expect: { verdicts: ['ok'], stdout: '' },
      },
    ],
  },
  {
    id: 'E11',
    title: 'sockets of other families: VSOCK to the hypervisor, ALG, PACKET, NETLINK, raw ICMP',
    tags: ['fast', 'full'],
    expected: 'refused at socket()',
    acts: [
      attempts([
        ...Array.from({ length: 46 }, (_, family) => family)
          .filter((family) => ![1, 2, 10].includes(family))
          .flatMap((family) =>
            ['SOCK_STREAM', 'SOCK_DGRAM', 'SOCK_RAW', 'SOCK_SEQPACKET'].map(
              (type) =>
                [
                  `family ${family} ${type}`,
                  `socket(${family}, ${type}, 0)`,
                  /^(EPERM|EAFNOSUPPORT|EACCES|EINVAL)$/,
                ] as const,
            ),
          ),
        ...Array.from(
          { length: 23 },
          (_, protocol) =>
            [`netlink ${protocol}`, `socket(16, SOCK_RAW, ${protocol})`, /^(EPERM|EAFNOSUPPORT|EACCES)$/] as const,
        ),
        [
          'vsock to the hypervisor',
          '({ int s = socket(40, SOCK_STREAM, 0); uint32_t to[4] = {40, 2024, 2, 0}; s < 0 ? -1 : connect(s, (struct sockaddr *)to, 16); })',
          /^(EPERM|EAFNOSUPPORT|EACCES)$/,
        ],
        ['raw ICMP', 'socket(AF_INET, SOCK_RAW, IPPROTO_ICMP)', /^(EPERM|EACCES)$/],
        ['raw IPv6', 'socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6)', /^(EPERM|EACCES|EAFNOSUPPORT)$/],
        ['ping', 'socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP)', /^(EPERM|EACCES|EPROTONOSUPPORT)$/],
      ]),
    ],
  },
  {
    id: 'E14',
    title: 'io_uring, which would open files and sockets without a system call that a filter sees',
    tags: ['fast', 'full'],
    expected: 'EPERM at its set-up, whatever the flags',
    acts: [
      attempts([
        ...[0, 1, 2, 4, 64, 1 << 6, 1 << 12, 1 << 14].map(
          (flags, index) =>
            [
              `setup ${index}`,
              `({ uint32_t p[30] = {0, 0, ${flags}}; CALL(io_uring_setup, 32, p); })`,
              /^(EPERM|ENOSYS)$/,
            ] as const,
        ),
        ['enter', 'CALL(io_uring_enter, 3, 1, 1, 1, 0, 0)', /^(EPERM|ENOSYS)$/],
        ['register', 'CALL(io_uring_register, 3, 0, zeros, 1)', /^(EPERM|ENOSYS)$/],
        ['register without a ring', 'CALL(io_uring_register, -1, 33, zeros, 1)', /^(EPERM|ENOSYS)$/],
      ]),
    ],
  },
];
