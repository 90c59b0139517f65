/*
 * A list of refusals, not yet of permissions: the calls by which programs have left sandboxes, slowed the host or watched
 * their neighbours, and which none of the languages needs. Everything else is allowed (docs/adr/0004).
 *
 * PID 1 installs it once, for itself too: it needs none of these calls, helpers and steps inherit it, and a step costs
 * nothing. Refused is by errno, so that runtimes fall back as on a kernel without the call; only a foreign architecture,
 * whose numbers mean other calls, is killed. The kernel finds out at the installation which numbers are allowed whatever
 * the arguments, and does not run the program for them, so its length matters only for what is refused or looked into.
 *
 * Arguments are looked at where the kernel itself takes 32 bits, so the lower halves say all. Pointers cannot be followed:
 * hence no clone3, whose flags lie in memory; libraries then use clone.
 */
#include "filter.h"

#include "say.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sched.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
#define NATIVE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE AUDIT_ARCH_AARCH64
#else
#error "no table of system calls for this architecture"
#endif

/* Newer than the oldest headers that we build with; numbers from 424 on are the same everywhere. */
#ifndef __NR_statmount
#define __NR_statmount 457
#define __NR_listmount 458
#endif
#ifndef __NR_open_tree_attr
#define __NR_open_tree_attr 467
#endif

enum {
  SOCKET_TYPE_BITS = 0xf, /* above them are SOCK_CLOEXEC and SOCK_NONBLOCK */
  NEW_NAMESPACE = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET,
  X32_BIT = 0x40000000,
};
#define ASK_PERSONALITY 0xffffffffU

/* Both architectures are little-endian: the lower half comes first. */
#define LOAD_NUMBER BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))
#define LOAD_ARGUMENT(n) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[n]))
#define ALLOW BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define FAIL(error) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (error))
/* Says success and does nothing. */
#define PRETEND FAIL(0)
#define AND(bits) BPF_STMT(BPF_ALU | BPF_AND | BPF_K, (bits))
/* Skips `count` instructions unless, or if, the value is equal. */
#define IF(value, count) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 0, (count))
#define JUMP_IF(value, count) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), (count), 0)
#define ALLOW_IF(value) IF(value, 1), ALLOW
#define CALL(name, count) IF(__NR_##name, count)
#define DENY(name) CALL(name, 1), FAIL(EPERM)

static const struct sock_filter program[] = {
    /* int 0x80 on x86_64: other numbers, so every rule below could be gone round. */
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
    JUMP_IF(NATIVE, 1),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    LOAD_NUMBER,
#ifdef __x86_64__
    /* x32: the same calls under other numbers. */
    BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1),
    FAIL(ENOSYS),
#endif

    /*
     * Namespaces. A user namespace makes its maker root inside it, and with that opens the kernel's largest source of
     * escapes: mounts, netfilter, traffic control, raw sockets.
     */
    CALL(clone3, 1), FAIL(ENOSYS),
    CALL(clone, 4), LOAD_ARGUMENT(0), BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, NEW_NAMESPACE, 0, 1), FAIL(EPERM), ALLOW,
    DENY(unshare), DENY(setns),

    /* Mounts: new views of files, file system parsers fed by the program. The last two tell host paths. */
    DENY(mount), DENY(umount2), DENY(pivot_root), DENY(move_mount), DENY(open_tree), DENY(open_tree_attr), DENY(fsopen),
    DENY(fsconfig), DENY(fsmount), DENY(fspick), DENY(mount_setattr), DENY(statmount), DENY(listmount),

    /*
     * Sockets. Each family and protocol is a parser of its own, and many are modules that the kernel loads at anybody's
     * request: VSOCK (to the hypervisor), ALG (page cache written across containers), PACKET, NETLINK, SCTP, DCCP. A place
     * with nothing but a loopback needs AF_UNIX, TCP and UDP. Without NETLINK_ROUTE a library cannot list interfaces; the
     * names and ports of localhost work.
     */
    JUMP_IF(__NR_socketpair, 1), CALL(socket, 19),
    LOAD_ARGUMENT(0), ALLOW_IF(AF_UNIX), JUMP_IF(AF_INET, 2), JUMP_IF(AF_INET6, 1), FAIL(EAFNOSUPPORT),
    LOAD_ARGUMENT(1), AND(SOCKET_TYPE_BITS), JUMP_IF(SOCK_STREAM, 2), JUMP_IF(SOCK_DGRAM, 1), FAIL(EPERM),
    LOAD_ARGUMENT(2), ALLOW_IF(0), ALLOW_IF(IPPROTO_TCP), ALLOW_IF(IPPROTO_UDP), FAIL(EPROTONOSUPPORT),

    /* Other processes: reading and changing PID 1 or a neighbour through a mistake in the kernel's checks. */
    DENY(ptrace), DENY(process_vm_readv), DENY(process_vm_writev), DENY(kcmp), DENY(pidfd_getfd),

    /*
     * Large and young parts of the kernel with many holes behind them, and what exploits of other holes lean on (stopping
     * the kernel in the midst of a copy, pages in two owners' hands, forged segments). io_uring also goes round this list.
     */
    DENY(io_uring_setup), DENY(io_uring_enter), DENY(io_uring_register), DENY(userfaultfd), DENY(bpf),
    DENY(perf_event_open), DENY(vmsplice), DENY(memfd_secret), DENY(fanotify_init), DENY(fanotify_mark),
    /* Only as it is, or asked for: other personalities switch address randomization off and old behaviour on. */
    CALL(personality, 6), LOAD_ARGUMENT(0), ALLOW_IF(0), ALLOW_IF(ASK_PERSONALITY), FAIL(EPERM),

    /* Keys belong to a uid on the whole host: they outlive the step and the place, and the next user of the uid has them. */
    DENY(add_key), DENY(request_key), DENY(keyctl),

    /* Files by number instead of by path lead out of any root. */
    DENY(name_to_handle_at), DENY(open_by_handle_at),

    /*
     * The files of the runtime root are the same for all places. Watching them tells when a neighbour starts a compiler,
     * and throwing them out of the page cache slows it down; advice may be ignored, so that is what happens to it.
     */
    DENY(inotify_init1), DENY(inotify_add_watch), CALL(fcntl, 4), LOAD_ARGUMENT(1), IF(F_NOTIFY, 1), FAIL(EPERM), ALLOW,
    CALL(fadvise64, 4), LOAD_ARGUMENT(3), IF(POSIX_FADV_DONTNEED, 1), PRETEND, ALLOW,

    /* Contexts for asynchronous I/O are counted for the host, so one program could take them from its databases. */
    DENY(io_setup), DENY(io_submit),
    /* Writes out every disk of the host; nothing in a place is on one. */
    CALL(sync, 1), PRETEND, CALL(syncfs, 1), PRETEND,

    /* The host itself. All need capabilities that nobody here has: this is the second lock. */
    DENY(reboot), DENY(kexec_load), DENY(kexec_file_load), DENY(init_module), DENY(finit_module), DENY(delete_module),
    DENY(swapon), DENY(swapoff), DENY(acct), DENY(quotactl), DENY(quotactl_fd), DENY(settimeofday), DENY(clock_settime),
    DENY(adjtimex), DENY(clock_adjtime), DENY(syslog),
#ifdef __x86_64__
    DENY(create_module), DENY(query_module), DENY(inotify_init), DENY(modify_ldt), DENY(iopl), DENY(ioperm),
#endif

    ALLOW,
};

void filter_install(void) {
  /* The kernel copies it; its type is not const for no reason. */
  const struct sock_fprog whole = {.len = sizeof program / sizeof program[0], .filter = (struct sock_filter *)program};
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &whole, 0, 0) == -1) die("system call filter");
}
