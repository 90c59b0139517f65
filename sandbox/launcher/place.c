/*
 * The child does the work itself, in this order: die with the launcher, enter the control groups, mount, loopback up, drop
 * privileges, execute. What fails is reported through a close-on-exec pipe: after a good exec the pipe is empty and
 * closed. The child has one thread and calls nothing that allocates.
 */
#include "place.h"
#include "files.h"
#include "place-child.h"
#include "say.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct place_tools tools = {.supervisor = -1, .launcher_pidfd = -1};

void place_prepare(const char *supervisor_path) {
  struct stat status;
  struct statvfs flags;
  char adjustment[16];
  tools.supervisor = open(supervisor_path, O_RDONLY | O_CLOEXEC);
  if (tools.supervisor < 0) refuse("cannot open the supervisor %s: %s", supervisor_path, strerror(errno));
  if (fstat(tools.supervisor, &status) != 0 || !S_ISREG(status.st_mode) || !(status.st_mode & 0100))
    refuse("the supervisor %s is no executable file", supervisor_path);
  if (fstatvfs(tools.supervisor, &flags) != 0 || (flags.f_flag & ST_NOEXEC))
    refuse("the supervisor %s is on a file system mounted noexec", supervisor_path);
  tools.launcher_pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0);
  if (tools.launcher_pidfd < 0) refuse("pidfd_open: %s", strerror(errno));
  if (fcntl(tools.launcher_pidfd, F_SETFD, FD_CLOEXEC) != 0) refuse("fcntl: %s", strerror(errno));
  ssize_t length = read_text(AT_FDCWD, "/proc/self/oom_score_adj", adjustment, sizeof adjustment);
  tools.resets_oom_score = length > 0 && strcmp(adjustment, "0\n") != 0;
}

int place_start(const struct place_request *request, struct place *place) {
  int pipe_ends[2];
  int pidfd = -1;
  /* The cgroup namespace is not here: it must be made after the child has entered its groups. */
  struct clone_args arguments = {
    .flags = CLONE_PIDFD | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET,
    .pidfd = (uint64_t)(uintptr_t)&pidfd,
    .exit_signal = SIGCHLD,
  };
  if (cgroup_is_version_2()) {
    arguments.flags |= CLONE_INTO_CGROUP;
    arguments.cgroup = (uint64_t)cgroup_dir(request->cgroup, MEMORY);
  }
  if (pipe2(pipe_ends, O_CLOEXEC) != 0) return -1;
  pid_t pid = (pid_t)syscall(SYS_clone3, &arguments, sizeof arguments);
  if (pid == 0) place_child(&tools, request, pipe_ends[1]);
  int reason = errno;
  close(pipe_ends[1]);
  if (pid < 0) {
    close(pipe_ends[0]);
    errno = reason;
    return -1;
  }
  *place = (struct place){.pid = pid, .pidfd = pidfd, .failure_pipe = pipe_ends[0]};
  return 0;
}

int place_failure(const struct place *place, char step[FRAME_TEXT_BYTES]) {
  struct place_report report;
  ssize_t length = read(place->failure_pipe, &report, sizeof report);
  if (length == 0) return 0;
  if (length != (ssize_t)sizeof report) {
    snprintf(step, FRAME_TEXT_BYTES, "the report of a failed start could not be read");
    return EIO;
  }
  snprintf(step, FRAME_TEXT_BYTES, "%.*s", (int)sizeof report.step, report.step);
  return report.reason != 0 ? report.reason : EIO;
}

void place_kill(const struct place *place) {
  if (syscall(SYS_pidfd_send_signal, place->pidfd, SIGKILL, NULL, 0) != 0 && errno != ESRCH)
    say("process %d could not be killed: %s", (int)place->pid, strerror(errno));
}
