/*
 * supervisor --uid <n> [--cgroup memory=<fd>,pids=<fd>,cpuacct=<fd> | --cgroup2 dir=<fd>,memory=<fd>,…] [--own-kernel 1]
 *
 * Theory of operation
 *
 * Processes. This is PID 1 of one sandbox: a fresh pid namespace that the launcher (or the container engine) made for one
 * plan and one user id. It is uid 0 with SETUID, SETGID and KILL and nothing else, single-threaded, and waits in `ppoll`
 * alone. Every step is one child that has become the user for good before it executes the program; whatever that child
 * forks, orphans or detaches ends up as a child of PID 1. What must touch the user's folders (0700, so PID 1 cannot) is
 * done by short-lived helpers, forked copies of PID 1 that have become the user: writing sources, sending artifacts,
 * wiping. Helpers run only while no process of a step is alive, so nothing can race with them or signal them.
 *
 * Streams. fd 0 and fd 1 carry the frames of ../PROTOCOL.md, fd 2 diagnostics. A program has three pipes to PID 1 and no
 * other descriptor; it cannot write a frame. All that PID 1 reads or writes is non-blocking. The buffers are bounded: a
 * full output buffer stops the reading of the program's pipes, so a host that does not read stops the program, and the
 * clocks go on. stdin flows by credit, so a program that does not read cannot keep CANCEL from getting through.
 *
 * Who kills whom. PID 1 kills the step (kill(-1), which spares PID 1 alone) for output, wall time, CPU time, at CANCEL or
 * hang-up of the host, and at the end of each step for what is left; the first reason is kept. The kernel kills processes
 * for memory; oom_score_adj makes it prefer the step's. PID 1 kills everybody and itself at the deadline of HELLO and when
 * the protocol is broken. The launcher kills PID 1. The user's processes cannot: they have another uid and no capability,
 * a signal to PID 1 of a namespace from inside it is dropped unless handled, and PID 1 handles none.
 *
 * System calls. A filter (filter.c) refuses those that nothing here needs and that others have escaped by: namespaces,
 * mounts, tracing, io_uring, keys, sockets other than AF_UNIX, TCP and UDP. PID 1 is under it too; it cannot be taken off.
 *
 * What survives. Between steps: /program, and nothing the user could write. When PID 1 dies, for whatever reason, the
 * kernel kills every process of the namespace; mounts and namespaces go with the last. Nothing is written elsewhere.
 *
 * Limits. Per process: rlimits (step.c). Per place: cgroups, set for each step before it starts (cgroup.c). pids.max is
 * the step's processes plus PID 1; a helper takes the room of the step that is no more. Measured here: wall, CPU, output.
 *
 * Files: control.c (host's frames), run.c (life of a step), finish.c (its end), loop.c (poll), relay.c (pipes), wire.c,
 * frame.c, codec.c (protocol), spec.c (STEP checked), step.c (exec), measure.c, cgroup.c (usage), helper.c, place_file.c,
 * collect.c, program.c, wipe.c (files), identity.c, privilege.c, filter.c (users and rights).
 */
#include "clock.h"
#include "filter.h"
#include "privilege.h"
#include "say.h"
#include "session.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

static struct session session;

static _Noreturn void usage(void) {
  say("usage: supervisor --uid <n> [--cgroup <list of v1> | --cgroup2 <list of v2>] [--own-kernel 1]", 0);
  _exit(SUPERVISOR_USAGE);
}

static uid_t parse_uid(const char *text) {
  char *end;
  errno = 0;
  unsigned long value = strtoul(text, &end, 10);
  if (errno != 0 || end == text || *end != '\0' || text[0] == '-' || value == 0 || value > INT32_MAX) usage();
  return (uid_t)value;
}

static void parse_arguments(int argc, char **argv) {
  const char *cgroup = NULL;
  const char *cgroup_2 = NULL;
  for (int i = 1; i < argc; i += 2) {
    if (i + 1 == argc) usage();
    if (strcmp(argv[i], "--uid") == 0) session.uid = parse_uid(argv[i + 1]);
    else if (strcmp(argv[i], "--cgroup") == 0) cgroup = argv[i + 1];
    else if (strcmp(argv[i], "--cgroup2") == 0) cgroup_2 = argv[i + 1];
    else if (strcmp(argv[i], "--own-kernel") == 0) session.has_own_kernel = strcmp(argv[i + 1], "1") == 0;
    else usage();
  }
  if (session.uid == 0) usage();
  if (cgroup_2 != NULL) {
    if (!cgroup_use_given_2(&session.cgroup, cgroup_2)) die("--cgroup2: not descriptors of a v2 cgroup");
  } else if (cgroup == NULL) cgroup_use_own(&session.cgroup);
  else if (!cgroup_use_given(&session.cgroup, cgroup)) die("--cgroup: not readable v1 cgroup directories");
}

static void prepare_signals(void) {
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  if (signal(SIGPIPE, SIG_IGN) == SIG_ERR) die("SIGPIPE");
  /* The default, but not if inherited as ignored: then children would vanish without a status. */
  if (signal(SIGCHLD, SIG_DFL) == SIG_ERR) die("SIGCHLD");
  if (sigprocmask(SIG_SETMASK, &child, NULL) == -1) die("signal mask");
  session.signals = signalfd(-1, &child, SFD_NONBLOCK | SFD_CLOEXEC);
  if (session.signals == -1) die("signalfd");
}

static unsigned count_processors(void) {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == -1) return 64;
  int count = CPU_COUNT(&set);
  return count > 0 ? (unsigned)count : 1;
}

int main(int argc, char **argv) {
  privilege_shield();
  /* It kills every process it sees, so it must see the sandbox alone. */
  if (getpid() != 1) {
    say("must be PID 1 of its own namespace", 0);
    return SUPERVISOR_USAGE;
  }
  privilege_reduce();
  filter_install();
  parse_arguments(argc, argv);
  if (close_range(STDERR_FILENO + 1, INT_MAX, CLOSE_RANGE_CLOEXEC) == -1) die("close_range");
  umask(022);
  prepare_signals();
  session.cpus = count_processors();
  session.deadline_ns = UINT64_MAX;
  session.phase = PHASE_HELLO;
  wire_open(&session.wire, STDIN_FILENO, STDOUT_FILENO);
  session_serve(&session);
}
