#include "step.h"

#include "identity.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIPE_STDIN, PIPE_STDOUT, PIPE_STDERR, PIPE_FAILURE, PIPE_COUNT };
enum { FAILURE_FD = 3 };

/*
 * PID 1 cannot raise a hard limit, so a wish above it becomes the hard limit. What holds already is not set again: gVisor
 * has resources that its engine sets and nobody inside may touch.
 */
static int set_limit(__rlimit_resource_t resource, uint64_t value) {
  struct rlimit limit;
  if (getrlimit(resource, &limit) == -1) return errno;
  rlim_t wanted = (rlim_t)value;
  if (limit.rlim_max != RLIM_INFINITY && wanted > limit.rlim_max) wanted = limit.rlim_max;
  if (limit.rlim_cur == wanted && limit.rlim_max == wanted) return 0;
  limit = (struct rlimit){.rlim_cur = wanted, .rlim_max = wanted};
  return setrlimit(resource, &limit) == -1 ? errno : 0;
}

/*
 * What the kernel enforces per process. No RLIMIT_NPROC here (it counts a uid over all places of a kernel) and no RLIMIT_AS (runtimes
 * reserve far more than they use). CPU is a backstop: PID 1 measures the whole step and acts first. It is twice the limit, since
 * the kernel counts it in ticks: a program was killed for 1000 ms that had used 760 (2026-11, Linux 6.18, 250 Hz), and of a kill
 * below the limit nobody could say why.
 */
static int set_limits(const struct spec *spec) {
  const struct {
    __rlimit_resource_t resource;
    uint64_t value;
  } limits[] = {
      /* 1, not 0: where core_pattern is a pipe, 0 still feeds the handler and 1 alone does not (core(5), fs/coredump.c). */
      {RLIMIT_CORE, 1},
      {RLIMIT_CPU, 2 * ((spec->cpu_ms + 999) / 1000) + 1},
      {RLIMIT_FSIZE, spec->file_bytes},
      {RLIMIT_NOFILE, spec->open_files},
      {RLIMIT_STACK, spec->stack_bytes},
      {RLIMIT_MEMLOCK, 64 * 1024},
      {RLIMIT_MSGQUEUE, 0},
      {RLIMIT_SIGPENDING, 256},
  };
  for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
    int error = set_limit(limits[i].resource, limits[i].value);
    if (error != 0) return error;
  }
  return 0;
}

static int reset_signals(void) {
  struct sigaction standard = {.sa_handler = SIG_DFL};
  for (int number = 1; number < NSIG; number++)
    if (number != SIGKILL && number != SIGSTOP && sigaction(number, &standard, NULL) == -1 && errno != EINVAL) return errno;
  sigset_t none;
  sigemptyset(&none);
  return sigprocmask(SIG_SETMASK, &none, NULL) == -1 ? errno : 0;
}

/* fd 0, 1, 2 and the failure pipe; nothing else survives. The pipes of the parent are all above fd 3. */
static int arrange_files(int pipes[PIPE_COUNT][2]) {
  const int wanted[PIPE_COUNT] = {pipes[PIPE_STDIN][0], pipes[PIPE_STDOUT][1], pipes[PIPE_STDERR][1], pipes[PIPE_FAILURE][1]};
  int moved[PIPE_COUNT];
  for (int i = 0; i < PIPE_COUNT; i++)
    if ((moved[i] = fcntl(wanted[i], F_DUPFD_CLOEXEC, FAILURE_FD + 1)) == -1) return errno;
  for (int i = 0; i < PIPE_COUNT; i++)
    if (dup3(moved[i], i, i == FAILURE_FD ? O_CLOEXEC : 0) == -1) return errno;
  return close_range(FAILURE_FD + 1, INT_MAX, 0) == -1 ? errno : 0;
}

/* Like execvpe, but in the PATH of the step and without the detour through a shell. Returns only to fail. */
static int exec_program(const struct spec *spec) {
  const char *name = spec->argv[0];
  if (strchr(name, '/') != NULL) {
    execve(name, spec->argv, spec->env);
    return errno;
  }
  const char *path = spec_env(spec, "PATH");
  if (path == NULL) path = "/usr/local/bin:/usr/bin:/bin";
  int error = ENOENT;
  while (*path != '\0') {
    char candidate[PATH_MAX];
    int length = (int)strcspn(path, ":");
    int needed = snprintf(candidate, sizeof candidate, "%.*s/%s", length, path, name);
    if (length > 0 && needed > 0 && (size_t)needed < sizeof candidate) {
      execve(candidate, spec->argv, spec->env);
      if (errno == EACCES) error = EACCES;
      else if (errno != ENOENT && errno != ENOTDIR) return errno;
    }
    path += length;
    if (*path == ':') path++;
  }
  return error;
}

static int become_step(const struct spec *spec, const struct step_owner *owner) {
  int error = identity_prefer_for_oom();
  if (error == 0) error = set_limits(spec);
  if (error == 0 && setsid() == -1) error = errno;
  /* gVisor lets one more than the limit be made. */
  if (error == 0 && owner->has_own_kernel) error = set_limit(RLIMIT_NPROC, spec->processes - 1);
  if (error == 0) error = identity_drop(owner->uid);
  umask(022);
  if (error == 0 && chdir("/box") == -1) error = errno;
  return error == 0 ? reset_signals() : error;
}

static _Noreturn void run_child(const struct spec *spec, const struct step_owner *owner, int pipes[PIPE_COUNT][2]) {
  int failure_fd = pipes[PIPE_FAILURE][1];
  struct step_failure failure = {.error = arrange_files(pipes), .is_ours = true};
  if (failure.error == 0) {
    failure_fd = FAILURE_FD;
    failure.error = become_step(spec, owner);
  }
  if (failure.error == 0) failure = (struct step_failure){.error = exec_program(spec), .is_ours = false};
  ssize_t told = write(failure_fd, &failure, sizeof failure);
  _exit(told == sizeof failure ? 0 : 1);
}

static int set_non_blocking(int fd) {
  int flags = fcntl(fd, F_GETFL);
  return flags == -1 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) == -1 ? errno : 0;
}

int step_start(const struct spec *spec, const struct step_owner *owner, struct step_process *process) {
  int pipes[PIPE_COUNT][2];
  int error = identity_pipes(owner->uid, pipes, PIPE_COUNT);
  if (error != 0) return error;
  const int ours[PIPE_COUNT] = {pipes[PIPE_STDIN][1], pipes[PIPE_STDOUT][0], pipes[PIPE_STDERR][0], pipes[PIPE_FAILURE][0]};
  const int theirs[PIPE_COUNT] = {pipes[PIPE_STDIN][0], pipes[PIPE_STDOUT][1], pipes[PIPE_STDERR][1], pipes[PIPE_FAILURE][1]};
  for (int i = 0; i < PIPE_COUNT && error == 0; i++) error = set_non_blocking(ours[i]);
  pid_t pid = error == 0 ? fork() : -1;
  if (pid == 0) run_child(spec, owner, pipes);
  if (pid == -1 && error == 0) error = errno;
  for (int i = 0; i < PIPE_COUNT; i++) {
    close(theirs[i]);
    if (error != 0) close(ours[i]);
  }
  *process = (struct step_process){
      .pid = pid,
      .stdin_write = ours[PIPE_STDIN],
      .stdout_read = ours[PIPE_STDOUT],
      .stderr_read = ours[PIPE_STDERR],
      .failure_read = ours[PIPE_FAILURE],
  };
  return error;
}

struct step_failure step_failure(const struct step_process *process) {
  struct step_failure failure;
  ssize_t got = read(process->failure_read, &failure, sizeof failure);
  return got == sizeof failure ? failure : (struct step_failure){.error = 0, .is_ours = false};
}
