import { describe, expect, test } from 'vitest';
import { TEST_LAUNCHER } from '../src/testing/start-test-sandbox.ts';
import { c, MIB } from './support/programs.ts';
import { endingOf, onlyRun, stdoutOf, useSandbox } from './support/use-sandbox.ts';

const user = useSandbox();

/** A call as C, and how it must end: `ok`, the name of an errno, or `signal <n>`. */
type Call = readonly [expression: string, expected: string];

const ERRNOS = ['EPERM', 'ENOSYS', 'EINVAL', 'EBADF', 'EFAULT', 'EAFNOSUPPORT', 'EPROTONOSUPPORT', 'ENOENT', 'EAGAIN'];

/** Each call in a process of its own, because one that is not refused may do what it says. */
function probe(calls: readonly Call[]): string {
  return `
#define _GNU_SOURCE
#include <linux/fs.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#define CALL(name, ...) syscall(SYS_##name, ##__VA_ARGS__)
#define CLONE(flags) ({ long r = syscall(SYS_clone, (flags) | SIGCHLD, 0, 0, 0, 0); if (r == 0) _exit(0); r; })
static char zeros[4096];
/* Result of a call made without the library. */
static long raw(long result) { return result < 0 && result > -4096 ? (errno = (int)-result, -1) : result; }
${calls.map(([expression], index) => `static long call${index}(void) { return ${expression}; }`).join('\n')}
static long (*const calls[])(void) = {${calls.map((_, index) => `call${index}`).join(', ')}};
static void say(long result) {
  if (result >= 0) printf("ok\\n");
  ${ERRNOS.map((name) => `else if (errno == ${name}) printf("${name}\\n");`).join('\n  ')}
  else printf("errno %d\\n", errno);
}
int main(void) {
  for (unsigned i = 0; i < sizeof calls / sizeof calls[0]; i++) {
    int status;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) { say(calls[i]()); fflush(stdout); _exit(0); }
    waitpid(pid, &status, 0);
    if (WIFSIGNALED(status)) printf("signal %d\\n", WTERMSIG(status));
  }
}`;
}

function testCalls(title: string, calls: readonly Call[]): void {
  test.each([title])('%s', async () => {
    const limits = { wallTimeMs: 15_000, memoryBytes: 128 * MIB };
    const run = onlyRun(await user.run(c(probe(calls), { limits })));
    expect(endingOf(run)).toBe('exited 0');
    const found = stdoutOf(run).trimEnd().split('\n');
    expect(calls.map(([expression], index) => [expression, found[index]])).toEqual(calls);
  });
}

const refused = (errno: string, expressions: readonly string[]): Call[] => expressions.map((call) => [call, errno]);

const ON_X64 = process.arch === 'x64';
/** Ours says an errno; libseccomp, which the engine uses, has no choice but to kill. */
const OTHER_ABI = TEST_LAUNCHER === 'native' ? 'EPERM' : 'signal 31';
const X32 = TEST_LAUNCHER === 'native' ? 'ENOSYS' : 'signal 31';
const NAMESPACES = ['NS', 'CGROUP', 'UTS', 'IPC', 'USER', 'PID', 'NET'];

describe('F18: calls that are refused', () => {
  testCalls('namespaces', [
    ...NAMESPACES.map((name): Call => [`CLONE(CLONE_NEW${name})`, 'EPERM']),
    ...NAMESPACES.map((name): Call => [`unshare(CLONE_NEW${name})`, 'EPERM']),
    ['unshare(CLONE_NEWUSER | CLONE_NEWNS)', 'EPERM'],
    ['unshare(0)', 'EPERM'],
    ['setns(-1, 0)', 'EPERM'],
    ['CALL(clone3, zeros, 88)', 'ENOSYS'],
  ]);

  testCalls('mounts', [
    ...refused('EPERM', [
      'CALL(mount, "none", "/tmp", "tmpfs", 0, 0)',
      'CALL(umount2, "/proc", 2)',
      'CALL(pivot_root, "/", "/tmp")',
      'CALL(move_mount, -1, "", -1, "", 0)',
      'CALL(open_tree, -1, "/", 0)',
      'syscall(467, -1, "/", 0, zeros, 32)',
      'CALL(fsopen, "tmpfs", 0)',
      'CALL(fsconfig, -1, 0, 0, 0, 0)',
      'CALL(fsmount, -1, 0, 0)',
      'CALL(fspick, -1, "/", 0)',
      'CALL(mount_setattr, -1, "", 0, zeros, 32)',
      'syscall(457, zeros, zeros, 4096, 0)',
      'syscall(458, zeros, zeros, 8, 0)',
    ]),
  ]);

  testCalls('sockets of other families and protocols', [
    ...refused('EAFNOSUPPORT', [
      'socket(AF_VSOCK, SOCK_STREAM, 0)',
      'socket(AF_ALG, SOCK_SEQPACKET, 0)',
      'socket(AF_PACKET, SOCK_RAW, 0)',
      ...[0, 4, 9, 12, 15, 16].map((protocol) => `socket(AF_NETLINK, SOCK_RAW, ${protocol})`),
      'socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, 0)',
      'socket(AF_KEY, SOCK_RAW, 2)',
      'socket(AF_BLUETOOTH, SOCK_RAW, 0)',
      'socket(AF_CAN, SOCK_RAW, 1)',
      'socket(AF_TIPC, SOCK_STREAM, 0)',
      'socket(44, SOCK_RAW, 0)',
      'socket(AF_UNSPEC, SOCK_STREAM, 0)',
      'socket(-1, SOCK_STREAM, 0)',
      'socketpair(AF_TIPC, SOCK_STREAM, 0, (int *)zeros)',
    ]),
    ...refused('EPERM', [
      'socket(AF_INET, SOCK_RAW, IPPROTO_ICMP)',
      'socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW)',
      'socket(AF_INET, SOCK_SEQPACKET, 0)',
      'socket(AF_INET, 6, 0)',
      'socket(AF_INET, SOCK_PACKET, 0)',
    ]),
    ...refused('EPROTONOSUPPORT', [
      'socket(AF_INET, SOCK_STREAM, 132)',
      'socket(AF_INET, SOCK_STREAM, 262)',
      'socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP)',
      'socket(AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE)',
      'socket(AF_INET6, SOCK_DGRAM, 115)',
    ]),
  ]);

  testCalls('other processes, and young parts of the kernel', [
    ...refused('EPERM', [
      'CALL(ptrace, PTRACE_TRACEME, 0, 0, 0)',
      'CALL(ptrace, PTRACE_ATTACH, getppid(), 0, 0)',
      'CALL(process_vm_readv, getpid(), zeros, 0, zeros, 0, 0)',
      'CALL(process_vm_writev, getpid(), zeros, 0, zeros, 0, 0)',
      'CALL(kcmp, getpid(), getpid(), 0, 0, 0)',
      'CALL(pidfd_getfd, syscall(SYS_pidfd_open, getpid(), 0), 0, 0)',
      'CALL(io_uring_setup, 8, memset(malloc(120), 0, 120))',
      'CALL(io_uring_enter, -1, 0, 0, 0, 0, 0)',
      'CALL(io_uring_register, -1, 0, 0, 0)',
      'CALL(userfaultfd, 1)',
      'CALL(bpf, 0, zeros, 72)',
      'CALL(perf_event_open, zeros, 0, -1, -1, 0)',
      'CALL(vmsplice, -1, zeros, 0, 0)',
      'syscall(447, 0)',
      'CALL(fanotify_init, 0, 0)',
      'CALL(fanotify_mark, -1, 0, 0, 0, 0)',
      'personality(ADDR_NO_RANDOMIZE)',
      'personality(READ_IMPLIES_EXEC)',
      'personality(PER_LINUX32)',
    ]),
  ]);

  testCalls('what is shared with neighbours and the host', [
    ...refused('EPERM', [
      'CALL(add_key, "user", "name", "secret", 6, -4)',
      'CALL(request_key, "user", "name", 0, 0)',
      'CALL(keyctl, 0, -4, 1)',
      'CALL(name_to_handle_at, -100, "/usr/bin/env", zeros, zeros, 0)',
      'CALL(open_by_handle_at, -100, zeros, 0)',
      'CALL(inotify_init1, 0)',
      'CALL(inotify_add_watch, -1, "/usr/bin", 32)',
      'fcntl(open("/usr/bin", O_RDONLY), F_NOTIFY, DN_ACCESS)',
      'CALL(io_setup, 128, zeros)',
      'CALL(io_submit, 0, 0, 0)',
    ]),
    ...refused('ok', ['CALL(fadvise64, -1, 0, 0, POSIX_FADV_DONTNEED)', 'CALL(syncfs, -1)', 'CALL(sync)']),
  ]);

  testCalls('memory and queues under names, which outlive their maker', [
    ...refused('EPERM', [
      'CALL(shmget, 0, 4096, 01600)',
      'CALL(shmat, 0, 0, 0)',
      'CALL(shmdt, zeros)',
      'CALL(shmctl, 0, 0, 0)',
      'CALL(semget, 0, 1, 01600)',
      'CALL(semop, 0, zeros, 0)',
      'CALL(semctl, 0, 0, 0, 0)',
      'CALL(msgget, 0, 01600)',
      'CALL(msgsnd, 0, zeros, 0, 0)',
      'CALL(msgrcv, 0, zeros, 0, 0, 0)',
      'CALL(msgctl, 0, 0, 0)',
      'CALL(mq_open, "queue", O_RDWR | O_CREAT, 0600, 0)',
      'CALL(mq_unlink, "queue")',
      'CALL(mq_getsetattr, 0, 0, 0)',
    ]),
  ]);

  testCalls('precedence, the page cache of all, programs for the kernel', [
    ...refused('EPERM', [
      'CALL(sched_setscheduler, 0, 0, zeros)',
      'CALL(sched_setattr, 0, zeros, 0)',
      'CALL(ioprio_set, 1, 0, 0)',
      'CALL(mincore, 0, 0, 0)',
      'syscall(451, 0, 0, 0, 0)',
      'CALL(seccomp, 1, 0, zeros)',
      'prctl(22, 2, zeros)',
      'prctl(35, 1, 0, 0, 0)',
      'prctl(53, 0, 0, 0, 0)',
      'prctl(62, 1, 0, 0, 0)',
      'setsockopt(socket(AF_UNIX, SOCK_STREAM, 0), SOL_SOCKET, 26, zeros, 16)',
      'setsockopt(socket(AF_INET, SOCK_DGRAM, 0), SOL_SOCKET, 51, zeros, 16)',
      'CALL(landlock_create_ruleset, 0, 0, 1)',
      'CALL(landlock_restrict_self, -1, 0)',
      'ioctl(0, 0x5412, "x")',
      'ioctl(0, 0x541c, zeros)',
      // The kernel takes 32 bits; waste above them must not help.
      'CALL(ioctl, 0, 0xffffffff00005412, "x")',
      'CALL(personality, 0x100000040000)',
      'mknod("/box/device", S_IFCHR | 0600, 0x103)',
      'mknodat(AT_FDCWD, "/box/device", S_IFBLK | 0600, 0x103)',
      'CALL(chroot, "/box")',
      'CALL(sethostname, "x", 1)',
      'CALL(move_pages, 0, 0, 0, 0, 0, 0)',
      'CALL(process_madvise, -1, 0, 0, 0, 0)',
    ]),
    ...refused('ENOSYS', ['syscall(471)', 'syscall(600)', 'syscall(5000)']),
  ]);

  testCalls('the host itself', [
    ...refused('EPERM', [
      'CALL(reboot, 0, 0, 0, 0)',
      'CALL(kexec_load, 0, 0, 0, 0)',
      'CALL(kexec_file_load, -1, -1, 0, 0, 0)',
      'CALL(init_module, 0, 0, "")',
      'CALL(finit_module, -1, "", 0)',
      'CALL(delete_module, "x", 0)',
      'CALL(swapon, "/box", 0)',
      'CALL(swapoff, "/box")',
      'CALL(acct, 0)',
      'CALL(quotactl, 0, "/box", 0, 0)',
      'CALL(quotactl_fd, -1, 0, 0, 0)',
      'CALL(settimeofday, zeros, 0)',
      'CALL(clock_settime, CLOCK_REALTIME, zeros)',
      'CALL(adjtimex, zeros)',
      'CALL(clock_adjtime, CLOCK_REALTIME, zeros)',
      'CALL(syslog, 10, 0, 0)',
    ]),
  ]);

  test.runIf(ON_X64)('calls of other architectures and of old kernels', async () => {
    const calls: Call[] = [
      // 20 is getpid there, 359 socket.
      ['({ long r; __asm__ volatile("int $0x80" : "=a"(r) : "a"(20) : "memory"); raw(r); })', OTHER_ABI],
      ['({ long r; __asm__ volatile("int $0x80" : "=a"(r) : "a"(359), "b"(40), "c"(1), "d"(0)); raw(r); })', OTHER_ABI],
      ['syscall(0x40000000 | SYS_getpid)', X32],
      ['syscall(0x40000000 | SYS_socket, AF_VSOCK, SOCK_STREAM, 0)', X32],
      ['syscall(-1)', 'ENOSYS'],
      ...refused('EPERM', [
        'CALL(inotify_init)',
        'CALL(modify_ldt, 0, zeros, 16)',
        'CALL(iopl, 0)',
        'CALL(ioperm, 0, 1, 1)',
        'CALL(create_module, "x", 1)',
        'CALL(query_module, 0, 0, 0, 0, 0)',
      ]),
    ];
    const run = onlyRun(await user.run(c(probe(calls))));
    expect(stdoutOf(run).trimEnd().split('\n')).toEqual(calls.map(([, expected]) => expected));
  });
});

describe('calls that programs need', () => {
  testCalls('still work', [
    ...refused('ok', [
      'socket(AF_UNIX, SOCK_STREAM, 0)',
      'socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)',
      'socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, (int *)zeros)',
      'socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)',
      'socket(AF_INET, SOCK_STREAM, IPPROTO_TCP)',
      'socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP)',
      'socket(AF_INET6, SOCK_DGRAM, 0)',
      'CLONE(0)',
      'CLONE(CLONE_VM | CLONE_VFORK)',
      'personality(0xffffffff)',
      'personality(0)',
      'memfd_create("x", 0)',
      'mknod("/box/pipe", S_IFIFO | 0600, 0)',
      'mkfifo("/box/pipe2", 0600)',
      'setsockopt(socket(AF_UNIX, SOCK_STREAM, 0), SOL_SOCKET, SO_SNDBUF, (int[]){4096}, 4)',
      'setsockopt(socket(AF_INET, SOCK_STREAM, 0), IPPROTO_TCP, 1, (int[]){1}, 4)',
      'prctl(15, "name")',
      'ioctl(0, FIONREAD, zeros)',
      'CALL(sched_getaffinity, 0, 128, zeros)',
      'CALL(sched_setaffinity, 0, sizeof(long), (long[]){~0L})',
      'CALL(flock, 1, 8)',
      'fcntl(0, F_GETFL)',
      'fcntl(1, F_SETPIPE_SZ, 65536)',
      'CALL(fadvise64, open("/bin/sh", O_RDONLY), 0, 0, POSIX_FADV_WILLNEED)',
      'CALL(pidfd_open, getpid(), 0)',
      'CALL(membarrier, 0, 0, 0)',
    ]),
    ['CALL(fadvise64, -1, 0, 0, POSIX_FADV_WILLNEED)', 'EBADF'],
    ['CALL(sync_file_range, -1, 0, 0, 0)', 'EBADF'],
  ]);

  test('a filter is in force for the program and its children', async () => {
    const body =
      'int main(void) { return system("grep ^Seccomp: /proc/self/status; sh -c \'grep ^Seccomp: /proc/self/status\'"); }';
    expect(stdoutOf(onlyRun(await user.run(c(body))))).toBe('Seccomp:\t2\nSeccomp:\t2\n');
  });
});
