/*
 * Which system calls a program may make: one table, from which both the filter of PID 1 (`bpf.ts` → `supervisor/filter-table.h`)
 * and the engine's profile (`docker-profile.ts`) are made.
 *
 * What is not named here is refused: a call that the table of numbers knows with EPERM, all others, and so whatever a later
 * kernel brings, with ENOSYS, upon which libraries take the older way. Where to begin was learned from moby's default profile of
 * June 2026 (github.com/moby/profiles, Apache-2.0); the table is our own: the groups, 64-bit names alone, nothing that needs a
 * capability, and without what `REFUSED_THOUGH_USUAL` names.
 */

/** Errnos that a refusal can give; 0 says success and does nothing. */
export const ERRNO = { OK: 0, EPERM: 1, ENOSYS: 38, EPROTONOSUPPORT: 93, EAFNOSUPPORT: 97 } as const;
export type ErrnoName = keyof typeof ERRNO;

/**
 * One look at an argument, of which the kernel takes 32 bits; `mask` is applied first. Checks are made in their order, and what
 * passes the last is allowed.
 */
export type Check = { readonly argument: 0 | 1 | 2 | 3; readonly mask?: number } & (
  | { readonly allow?: readonly number[]; readonly pass: readonly number[]; readonly otherwise: ErrnoName }
  | { readonly refuse: readonly number[]; readonly otherwise: ErrnoName }
  /** Any other value is allowed at once. */
  | { readonly allowUnless: readonly number[] }
);

/** Calls by what they are for. */
export const ALLOWED = {
  processes: `execve execveat exit exit_group fork vfork kill tgkill tkill wait4 waitid pidfd_open pidfd_send_signal
    process_mrelease getpid getppid gettid getpgid getpgrp getsid setpgid setsid set_tid_address restart_syscall
    arch_prctl getrlimit setrlimit prlimit64 getrusage times getpriority setpriority uname sysinfo getcpu`,
  users: `getuid geteuid getgid getegid getresuid getresgid getgroups capget capset setuid setgid setreuid setregid
    setresuid setresgid setfsuid setfsgid setgroups`,
  // sched_setaffinity moves a program within the cpuset of its place; scheduling classes and priorities are refused.
  scheduling: `sched_yield sched_getaffinity sched_setaffinity sched_getattr sched_getparam sched_setparam
    sched_getscheduler sched_get_priority_max sched_get_priority_min sched_rr_get_interval ioprio_get`,
  threads: `futex futex_wait futex_wake futex_requeue futex_waitv get_robust_list set_robust_list get_thread_area
    set_thread_area rseq membarrier`,
  signals: `rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait
    rt_tgsigqueueinfo sigaltstack signalfd signalfd4 pause alarm uretprobe`,
  time: `time gettimeofday clock_gettime clock_getres clock_nanosleep nanosleep getitimer setitimer timer_create
    timer_delete timer_getoverrun timer_gettime timer_settime timerfd_create timerfd_gettime timerfd_settime`,
  // memfd_create: compilers at run time write code through one and map it twice.
  memory: `brk mmap munmap mprotect mremap msync madvise mlock mlock2 mlockall munlock munlockall memfd_create
    remap_file_pages pkey_alloc pkey_free pkey_mprotect mseal map_shadow_stack`,
  files: `open openat openat2 creat close close_range read write readv writev pread64 pwrite64 preadv preadv2 pwritev
    pwritev2 lseek stat fstat lstat newfstatat statx statfs fstatfs access faccessat faccessat2 getdents getdents64
    getcwd chdir fchdir mkdir mkdirat rmdir link linkat symlink symlinkat unlink unlinkat rename renameat renameat2
    readlink readlinkat truncate ftruncate fallocate chmod fchmod fchmodat fchmodat2 chown fchown fchownat lchown
    umask utime utimes futimesat utimensat fsync fdatasync sync_file_range flock readahead copy_file_range
    getxattr fgetxattr lgetxattr getxattrat listxattr flistxattr llistxattr listxattrat setxattr fsetxattr lsetxattr
    setxattrat removexattr fremovexattr lremovexattr removexattrat dup dup2 dup3 sendfile splice tee`,
  pipesAndEvents: `pipe pipe2 poll ppoll select pselect6 epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_wait
    epoll_wait_old epoll_pwait epoll_pwait2 eventfd eventfd2`,
  sockets: `bind listen accept accept4 connect shutdown getsockname getpeername getsockopt sendto recvfrom sendmsg
    recvmsg sendmmsg recvmmsg`,
  random: 'getrandom',
} as const;

const FAMILY = { UNIX: 1, INET: 2, INET6: 10 } as const;
const NEW_NAMESPACES = 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000 | 0x00020000;
const FILE_TYPE_BITS = 0o170000;
const FIFO = 0o010000;

/**
 * Families and protocols are parsers of their own, and many are modules that the kernel loads at anybody's request: VSOCK (to
 * the hypervisor), ALG (page cache written across places), PACKET, NETLINK, SCTP. A place with nothing but a loopback needs
 * AF_UNIX, TCP and UDP; without NETLINK_ROUTE interfaces cannot be listed, `localhost` works.
 */
const SOCKET: readonly Check[] = [
  { argument: 0, allow: [FAMILY.UNIX], pass: [FAMILY.INET, FAMILY.INET6], otherwise: 'EAFNOSUPPORT' },
  // SOCK_STREAM, SOCK_DGRAM; above these bits are SOCK_CLOEXEC and SOCK_NONBLOCK.
  { argument: 1, mask: 0xf, pass: [1, 2], otherwise: 'EPERM' },
  { argument: 2, pass: [0, 6, 17], otherwise: 'EPROTONOSUPPORT' },
];

/** Allowed depending on arguments. Pointers cannot be followed. */
export const GUARDED: Readonly<Record<string, readonly Check[]>> = {
  // A user namespace makes its maker root inside it, and opens the largest source of escapes from kernels.
  clone: [{ argument: 0, mask: NEW_NAMESPACES, pass: [0], otherwise: 'EPERM' }],
  socket: SOCKET,
  socketpair: SOCKET,
  // SOL_SOCKET with programs of one's own for the kernel to run: SO_ATTACH_FILTER, _BPF, _REUSEPORT_CBPF and _EBPF.
  setsockopt: [
    { argument: 1, allowUnless: [1] },
    { argument: 2, refuse: [26, 50, 51, 52], otherwise: 'EPERM' },
  ],
  // As it is, or asked for: other personalities switch address randomization off and old behaviour on.
  personality: [{ argument: 0, pass: [0, 0xffffffff], otherwise: 'EPERM' }],
  // A named pipe, but no device.
  mknod: [{ argument: 1, mask: FILE_TYPE_BITS, pass: [FIFO], otherwise: 'EPERM' }],
  mknodat: [{ argument: 2, mask: FILE_TYPE_BITS, pass: [FIFO], otherwise: 'EPERM' }],
  // F_NOTIFY: the elder brother of inotify.
  fcntl: [{ argument: 1, refuse: [1026], otherwise: 'EPERM' }],
  // TIOCSTI and TIOCLINUX: typing for who started us, should there ever be a terminal.
  ioctl: [{ argument: 1, refuse: [0x5412, 0x541c], otherwise: 'EPERM' }],
  // POSIX_FADV_DONTNEED throws files out of the page cache that all places share; advice may be ignored.
  fadvise64: [{ argument: 3, refuse: [4], otherwise: 'OK' }],
  // SET_SECCOMP (programs for the kernel), TASK_PERF_EVENTS_*, SET_MM, SET_SPECULATION_CTRL, SCHED_CORE (who shares a core).
  prctl: [{ argument: 0, refuse: [22, 31, 32, 35, 53, 62], otherwise: 'EPERM' }],
};

/** Values that the engine's profile must let through although we refuse them: PID 1 installs its own filter under it. */
export const ONLY_BEFORE_OUR_FILTER: Readonly<Record<string, readonly number[]>> = { prctl: [22] };

/** Say success and do nothing: they would write out every disk of the host, and nothing in a place is on one. */
export const PRETENDED: readonly string[] = ['sync', 'syncfs'];

/** As on a kernel without them: their flags lie in memory, where no filter can see them, and libraries have another way. */
export const ABSENT: readonly string[] = ['clone3'];

/** What moby's default allows and we do not, and why. Not used to make anything: a test holds it against the table. */
export const REFUSED_THOUGH_USUAL: Readonly<Record<string, string>> = {
  'reading and changing other processes': 'ptrace process_vm_readv process_vm_writev',
  'files by number, and mounts with paths of the host': 'name_to_handle_at statmount listmount',
  'watching the files that all places share':
    'inotify_init inotify_init1 inotify_add_watch inotify_rm_watch fanotify_mark',
  'what neighbours have in the page cache': 'mincore cachestat',
  'counted for the host, and an old interface': 'io_setup io_submit io_cancel io_destroy io_getevents io_pgetevents',
  'memory of the kernel under names that outlive their maker':
    'shmget shmat shmdt shmctl semget semop semtimedop semctl msgget msgsnd msgrcv msgctl mq_open mq_unlink mq_timedsend mq_timedreceive mq_notify mq_getsetattr',
  'pages in two hands': 'vmsplice memfd_secret',
  'a segment of another width': 'modify_ldt',
  'the clock of the host': 'adjtimex clock_adjtime',
  'precedence over neighbours': 'sched_setscheduler sched_setattr ioprio_set',
  'programs for the kernel to run, and rules for it to keep':
    'seccomp landlock_create_ruleset landlock_add_rule landlock_restrict_self',
};

export function namesIn(text: string): readonly string[] {
  return text.split(/\s+/).filter((name) => name !== '');
}
