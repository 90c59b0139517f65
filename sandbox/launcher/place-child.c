#include "place-child.h"
#include "cgroup2.h"
#include "files.h"
#include "privilege.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/keyctl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Descriptors of the supervisor: 0 and 1 the stream, 2 diagnostics, then the control groups. */
enum { FIRST_CGROUP_FD = 3, MOST_CGROUP_FDS = CGROUP2_FILES, OUT_OF_THE_WAY = 64 };

/* What PID 1 is given of its control groups, and their names for its argument. */
static int cgroup_fds[MOST_CGROUP_FDS] = {-1, -1, -1, -1, -1, -1};
static const char *cgroup_words[MOST_CGROUP_FDS];

static int failure_fd;
static int launcher_fd;

static void fail(const char *step) __attribute__((noreturn));

static void fail(const char *step) {
  struct place_report report = {.reason = errno};
  snprintf(report.step, sizeof report.step, "%s", step);
  ssize_t ignored = write(failure_fd, &report, sizeof report);
  (void)ignored;
  _exit(1);
}

/* Only SIGKILL of an ancestor can end a PID 1, and the kernel sends just that. Exec keeps it, a change of ids does not. */
static void die_with_launcher(void) {
  struct pollfd launcher = {.fd = launcher_fd, .events = POLLIN};
  if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) fail("PR_SET_PDEATHSIG");
  /* It may have died before the line above. */
  if (poll(&launcher, 1, 0) != 0) fail("the launcher is gone");
}

static void reset_signals(void) {
  sigset_t none;
  sigemptyset(&none);
  for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
  if (sigprocmask(SIG_SETMASK, &none, NULL) != 0) fail("sigprocmask");
}

static void loopback_up(void) {
  struct ifreq request = {.ifr_name = "lo"};
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) fail("socket for the loopback interface");
  if (ioctl(fd, SIOCGIFFLAGS, &request) != 0) fail("read the loopback interface");
  request.ifr_flags |= IFF_UP;
  if (ioctl(fd, SIOCSIFFLAGS, &request) != 0) fail("loopback interface up");
  close(fd);
}

/* An own session keyring: else keys would be seen from one sandbox to the next. Kernels without keys need none. */
static void fresh_keyring(void) {
  if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 && errno != ENOSYS) fail("session keyring");
}

static int out_of_the_way(int fd) {
  int copy = fcntl(fd, F_DUPFD_CLOEXEC, OUT_OF_THE_WAY);
  if (copy < 0) fail("dup");
  return copy;
}

static void onto(int fd, int target) {
  if (dup2(fd, target) < 0) fail("dup2");
}

/* Before the cgroup namespace: from inside one, the files of version 2 cannot be opened for writing. */
static void open_cgroups(const struct cgroup *cgroup) {
  static const char *const words[] = {"memory", "pids", "cpuacct"};
  static const enum controller controllers[] = {MEMORY, PIDS, CPUACCT};
  if (cgroup_is_version_2()) {
    cgroup2_open_files(cgroup_dir(cgroup, MEMORY), cgroup_fds);
    for (int i = 0; i < CGROUP2_FILES; i++) cgroup_words[i] = cgroup2_words[i];
    return;
  }
  for (int i = 0; i < 3; i++) {
    cgroup_fds[i] = cgroup_dir(cgroup, controllers[i]);
    cgroup_words[i] = words[i];
  }
}

/* Everything else is close-on-exec already; close_range says it again for what the launcher may have inherited. */
static int arrange_descriptors(const struct place_tools *tools, const struct place_request *request) {
  int connection = out_of_the_way(request->connection);
  for (int i = 0; i < MOST_CGROUP_FDS; i++)
    if (cgroup_fds[i] >= 0) cgroup_fds[i] = out_of_the_way(cgroup_fds[i]);
  int supervisor = out_of_the_way(tools->supervisor);
  failure_fd = out_of_the_way(failure_fd);
  launcher_fd = out_of_the_way(launcher_fd);
  onto(connection, 0);
  onto(connection, 1);
  int next = FIRST_CGROUP_FD;
  for (int i = 0; i < MOST_CGROUP_FDS; i++) {
    if (cgroup_fds[i] < 0) continue;
    onto(cgroup_fds[i], next);
    cgroup_fds[i] = next++;
  }
  if (syscall(SYS_close_range, next, ~0u, CLOSE_RANGE_CLOEXEC) != 0) fail("close_range");
  return supervisor;
}

static void become_supervisor(int supervisor, uid_t uid) __attribute__((noreturn));

static void become_supervisor(int supervisor, uid_t uid) {
  char uid_text[16];
  char cgroup_text[128] = "";
  snprintf(uid_text, sizeof uid_text, "%u", (unsigned)uid);
  for (int i = 0; i < MOST_CGROUP_FDS; i++) {
    size_t used = strlen(cgroup_text);
    if (cgroup_fds[i] < 0) continue;
    snprintf(cgroup_text + used, sizeof cgroup_text - used, "%s%s=%d", used == 0 ? "" : ",", cgroup_words[i], cgroup_fds[i]);
  }
  char *option = cgroup_is_version_2() ? "--cgroup2" : "--cgroup";
  char *arguments[] = {"supervisor", "--uid", uid_text, option, cgroup_text, NULL};
  char *environment[] = {NULL};
  syscall(SYS_execveat, supervisor, "", arguments, environment, AT_EMPTY_PATH);
  fail("execute the supervisor");
}

void place_child(const struct place_tools *tools, const struct place_request *request, int failure_pipe) {
  failure_fd = failure_pipe;
  launcher_fd = tools->launcher_pidfd;
  die_with_launcher();
  reset_signals();
  umask(022);
  if (cgroup_enter(request->cgroup) != 0) fail("enter the control group");
  open_cgroups(request->cgroup);
  if (unshare(CLONE_NEWCGROUP) != 0) fail("cgroup namespace");
  const char *failed = place_mount(request->open, request->uid);
  if (failed != NULL) fail(failed);
  if (tools->resets_oom_score && write_text(AT_FDCWD, "/proc/self/oom_score_adj", "0") != 0) fail("oom_score_adj");
  loopback_up();
  fresh_keyring();
  if (request->connection < 0) {
    if (privilege_drop() != 0) fail("drop privileges");
    _exit(0);
  }
  int supervisor = arrange_descriptors(tools, request);
  if (privilege_drop() != 0) fail("drop privileges");
  /* Again, because a change of credentials may clear it. */
  die_with_launcher();
  become_supervisor(supervisor, request->uid);
}
