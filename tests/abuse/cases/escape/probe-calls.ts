/**
 * The calls that case E1 tries, each with what the profile says of it: `refused` whatever else, `works` because programs need
 * it. How exactly a runtime refuses stands in `tests/abuse/golden`.
 */
export interface ProbeCall {
  readonly name: string;
  /** C, negative with errno when it fails. */
  readonly expression: string;
  readonly rule: 'refused' | 'works';
}

/** What gVisor's own kernel does not have; libraries fall back as on an old Linux. */
export const NOT_IN_GVISOR: ReadonlySet<string> = new Set(['personality asked for', 'copy_file_range']);

const NAMESPACES = ['NEWNS', 'NEWCGROUP', 'NEWUTS', 'NEWIPC', 'NEWUSER', 'NEWPID', 'NEWNET', 'NEWTIME'] as const;
/** Not in libc's headers. */
const CLONE_NEWTIME = '0x80';
const flag = (name: string): string => (name === 'NEWTIME' ? CLONE_NEWTIME : `CLONE_${name}`);

function all(rule: ProbeCall['rule'], calls: Readonly<Record<string, string>>): readonly ProbeCall[] {
  return Object.entries(calls).map(([name, expression]) => ({ name, expression, rule }));
}

export const PROBE_CALLS: readonly ProbeCall[] = [
  // The lowest byte of clone's flags is a signal, so a time namespace is only for unshare and clone3.
  ...NAMESPACES.slice(0, -1).map((name) => ({
    name: `clone ${name}`,
    expression: `CLONE(${flag(name)})`,
    rule: 'refused' as const,
  })),
  ...NAMESPACES.map((name) => ({
    name: `unshare ${name}`,
    expression: `unshare(${flag(name)})`,
    rule: 'refused' as const,
  })),
  ...all('refused', {
    clone3: 'CALL(clone3, zeros, 88)',
    setns: 'setns(open("/proc/self/ns/mnt", O_RDONLY), 0)',
    mount: 'CALL(mount, "none", "/tmp", "tmpfs", 0, 0)',
    'mount bind': 'CALL(mount, "/box", "/tmp", 0, 4096, 0)',
    'mount remount': 'CALL(mount, "none", "/", 0, 32 | 4096, 0)',
    umount2: 'CALL(umount2, "/proc", 2)',
    pivot_root: 'CALL(pivot_root, "/box", "/box")',
    chroot: 'CALL(chroot, "/box")',
    move_mount: 'CALL(move_mount, -1, "", -1, "", 0)',
    open_tree: 'CALL(open_tree, -100, "/", 1)',
    open_tree_attr: 'syscall(467, -100, "/", 1, zeros, 32)',
    fsopen: 'CALL(fsopen, "tmpfs", 0)',
    fsconfig: 'CALL(fsconfig, -1, 0, 0, 0, 0)',
    fsmount: 'CALL(fsmount, -1, 0, 0)',
    fspick: 'CALL(fspick, -100, "/", 0)',
    mount_setattr: 'CALL(mount_setattr, -100, "/", 0, zeros, 32)',
    statmount: 'syscall(457, zeros, zeros, 4096, 0)',
    listmount: 'syscall(458, zeros, zeros, 8, 0)',
    'ptrace traceme': 'CALL(ptrace, PTRACE_TRACEME, 0, 0, 0)',
    'ptrace attach': 'CALL(ptrace, PTRACE_ATTACH, getppid(), 0, 0)',
    process_vm_readv: 'CALL(process_vm_readv, getpid(), zeros, 0, zeros, 0, 0)',
    process_vm_writev: 'CALL(process_vm_writev, getpid(), zeros, 0, zeros, 0, 0)',
    kcmp: 'CALL(kcmp, getpid(), getpid(), 0, 0, 0)',
    pidfd_getfd: 'CALL(pidfd_getfd, syscall(SYS_pidfd_open, getpid(), 0), 0, 0)',
    io_uring_setup: 'CALL(io_uring_setup, 8, zeros)',
    io_uring_enter: 'CALL(io_uring_enter, -1, 0, 0, 0, 0, 0)',
    io_uring_register: 'CALL(io_uring_register, -1, 0, 0, 0)',
    userfaultfd: 'CALL(userfaultfd, 1)',
    bpf: 'CALL(bpf, 0, zeros, 72)',
    perf_event_open: 'CALL(perf_event_open, zeros, 0, -1, -1, 0)',
    add_key: 'CALL(add_key, "user", "name", "secret", 6, -4)',
    request_key: 'CALL(request_key, "user", "name", 0, 0)',
    keyctl: 'CALL(keyctl, 0, -3, 1)',
    name_to_handle_at: 'CALL(name_to_handle_at, -100, "/usr/bin/env", zeros, zeros + 512, 0)',
    open_by_handle_at: 'CALL(open_by_handle_at, -100, zeros, 0)',
    memfd_secret: 'syscall(447, 0)',
    vmsplice: 'CALL(vmsplice, 1, zeros, 0, 0)',
    shmget: 'shmget(IPC_PRIVATE, 4096, 0600)',
    shmat: 'CALL(shmat, 0, 0, 0)',
    shmctl: 'CALL(shmctl, 0, 13, zeros)',
    semget: 'semget(IPC_PRIVATE, 1, 0600)',
    semop: 'CALL(semop, 0, zeros, 1)',
    semctl: 'CALL(semctl, 0, 0, 3, zeros)',
    msgget: 'CALL(msgget, IPC_PRIVATE, 0600)',
    msgsnd: 'CALL(msgsnd, 0, zeros, 0, 04000)',
    mq_open: 'CALL(mq_open, "q", O_CREAT | O_RDWR, 0600, 0)',
    mq_unlink: 'CALL(mq_unlink, "q")',
    inotify_init1: 'CALL(inotify_init1, 0)',
    inotify_add_watch: 'CALL(inotify_add_watch, -1, "/usr/bin", 32)',
    dnotify: 'fcntl(open("/usr/bin", O_RDONLY), F_NOTIFY, 1)',
    fanotify_init: 'CALL(fanotify_init, 0, 0)',
    fanotify_mark: 'CALL(fanotify_mark, -1, 1, 0, -100, "/")',
    io_setup: 'CALL(io_setup, 128, zeros)',
    io_submit: 'CALL(io_submit, 0, 0, 0)',
    landlock_create_ruleset: 'syscall(444, 0, 0, 1)',
    mincore: 'CALL(mincore, zeros, 4096, zeros + 8192)',
    sched_setscheduler: 'CALL(sched_setscheduler, 0, 1, &(int){1})',
    sched_setattr: 'CALL(sched_setattr, 0, zeros, 0)',
    ioprio_set: 'CALL(ioprio_set, 1, 0, 1 << 13)',
    'mknod block': 'mknod("/box/block", S_IFBLK | 0600, 0x0700)',
    'mknod character': 'mknod("/box/character", S_IFCHR | 0600, 0x0103)',
    adjtimex: 'CALL(adjtimex, zeros)',
    clock_adjtime: 'CALL(clock_adjtime, 0, zeros)',
    clock_settime: 'CALL(clock_settime, 0, zeros)',
    settimeofday: 'CALL(settimeofday, zeros, 0)',
    'personality without randomization': 'CALL(personality, 0x0040000)',
    'personality 32 bit': 'CALL(personality, 8)',
    'socket VSOCK': 'socket(40, SOCK_STREAM, 0)',
    'socket ALG': 'socket(38, SOCK_SEQPACKET, 0)',
    'socket PACKET': 'socket(17, SOCK_RAW, 0)',
    'socket NETLINK': 'socket(16, SOCK_RAW, 0)',
    'socket KEY': 'socket(15, SOCK_RAW, 2)',
    'socket XDP': 'socket(44, SOCK_RAW, 0)',
    'socket TIPC': 'socket(30, SOCK_STREAM, 0)',
    'socket raw ICMP': 'socket(AF_INET, SOCK_RAW, IPPROTO_ICMP)',
    'socket ping': 'socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP)',
    'socket SCTP': 'socket(AF_INET, SOCK_STREAM, 132)',
    'socket MPTCP': 'socket(AF_INET, SOCK_STREAM, 262)',
    reboot: 'CALL(reboot, 0, 0, 0, 0)',
    kexec_load: 'CALL(kexec_load, 0, 0, 0, 0)',
    kexec_file_load: 'CALL(kexec_file_load, -1, -1, 0, 0, 0)',
    init_module: 'CALL(init_module, zeros, 0, "")',
    finit_module: 'CALL(finit_module, -1, "", 0)',
    delete_module: 'CALL(delete_module, "x", 0)',
    swapon: 'CALL(swapon, "/box", 0)',
    swapoff: 'CALL(swapoff, "/box")',
    acct: 'CALL(acct, 0)',
    quotactl: 'CALL(quotactl, 0x80000100, 0, 0, zeros)',
    syslog: 'CALL(syslog, 3, zeros, 100)',
    sethostname: 'CALL(sethostname, "x", 1)',
    setdomainname: 'CALL(setdomainname, "x", 1)',
    vhangup: 'CALL(vhangup)',
    lookup_dcookie: 'CALL(lookup_dcookie, 0, zeros, 4096)',
    'setuid 0': 'CALL(setuid, 0)',
    'setgroups 0': 'CALL(setgroups, 1, zeros)',
  }),
  ...all('works', {
    memfd_create: 'memfd_create("x", 0)',
    sched_setaffinity:
      '({ cpu_set_t set; sched_getaffinity(0, sizeof set, &set); sched_setaffinity(0, sizeof set, &set); })',
    flock: 'flock(open("/box", O_RDONLY), LOCK_EX)',
    'clone process': 'CLONE(0)',
    vfork: '({ pid_t child = vfork(); if (child == 0) _exit(0); child; })',
    'socket UNIX': 'socket(AF_UNIX, SOCK_STREAM, 0)',
    socketpair: 'socketpair(AF_UNIX, SOCK_DGRAM, 0, (int *)zeros)',
    'socket TCP': 'socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)',
    'socket UDP': 'socket(AF_INET, SOCK_DGRAM, 0)',
    'socket TCP over IPv6': 'socket(AF_INET6, SOCK_STREAM, 0)',
    'personality asked for': 'CALL(personality, 0xffffffff)',
    futex: 'CALL(futex, zeros, 1, 1, 0, 0, 0)',
    epoll: 'CALL(epoll_create1, 0)',
    eventfd: 'CALL(eventfd2, 0, 0)',
    timerfd: 'CALL(timerfd_create, 1, 0)',
    signalfd: 'CALL(signalfd4, -1, zeros, 8, 0)',
    'mmap executable': '(long)mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)',
    getrandom: 'CALL(getrandom, zeros, 16, 0)',
    copy_file_range:
      'CALL(copy_file_range, open("/box/a", O_CREAT | O_RDWR, 0600), 0, open("/box/b", O_CREAT | O_RDWR, 0600), 0, 10, 0)',
    mkfifo: 'mknod("/box/fifo", S_IFIFO | 0600, 0)',
  }),
];
