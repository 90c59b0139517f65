/*
 * Differences that matter: a process is cloned into its group (place.c), so there is no moment outside of it; the group can be
 * killed as a whole; memory counts what sockets hold; lowering a limit below what is in use kills instead of failing.
 */
#include "cgroup2.h"
#include "files.h"
#include "say.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { CPU_PERIOD_US = 100000 };

static const char controllers[] = "+memory +pids +cpu";

const char *const cgroup2_words[CGROUP2_FILES] = {"dir", "memory", "swap", "pids", "peak", "reclaim"};
static const char *const file_names[CGROUP2_FILES] = {".",        "memory.max",  "memory.swap.max",
                                                           "pids.max", "memory.peak", "memory.reclaim"};

void cgroup2_open_files(int dir, int files[CGROUP2_FILES]) {
  for (int i = 0; i < CGROUP2_FILES; i++) {
    files[i] = openat(dir, file_names[i], (i == 0 ? O_RDONLY | O_DIRECTORY : O_RDWR) | O_CLOEXEC);
    /* memory.reclaim cannot be read, and memory.peak not be written before Linux 6.12. */
    if (files[i] < 0 && i != 0) files[i] = openat(dir, file_names[i], O_WRONLY | O_CLOEXEC);
  }
}

/* systemd marks what it hands over (Delegate=yes). */
static bool is_delegated(const char *path) {
  static const char *const names[] = {"trusted.delegate", "user.delegate"};
  char value[4];
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    if (getxattr(path, names[i], value, sizeof value) == 1 && value[0] == '1') return true;
  return false;
}

/* The kernel shares out controllers only below a group that has no processes of its own; the root is exempt. */
static int move_processes(int base) {
  char text[65536];
  if (mkdirat(base, "launcher", 0755) != 0 && errno != EEXIST) return -1;
  int leaf = openat(base, "launcher", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (leaf < 0) return -1;
  int result = read_text(base, "cgroup.procs", text, sizeof text) < 0 ? -1 : 0;
  char *rest = NULL;
  for (char *line = strtok_r(text, "\n", &rest); result == 0 && line != NULL; line = strtok_r(NULL, "\n", &rest))
    if (write_text(leaf, "cgroup.procs", line) != 0 && errno != ESRCH) result = -1;
  int reason = errno;
  close(leaf);
  errno = reason;
  return result;
}

static int share_out(int dir) {
  if (write_text(dir, "cgroup.subtree_control", controllers) == 0) return 0;
  if (errno != EBUSY || move_processes(dir) != 0) return -1;
  return write_text(dir, "cgroup.subtree_control", controllers);
}

static int open_below(int base, const char **step) {
  *step = "share out memory, pids and cpu (cgroup.subtree_control)";
  if (share_out(base) != 0) return -1;
  *step = "make the control group runyard";
  if (mkdirat(base, "runyard", 0755) != 0 && errno != EEXIST) return -1;
  int runyard = openat(base, "runyard", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (runyard < 0) return -1;
  *step = "share out memory, pids and cpu below runyard (cgroup.subtree_control)";
  if (write_text(runyard, "cgroup.subtree_control", controllers) == 0) return runyard;
  int reason = errno;
  close(runyard);
  errno = reason;
  return -1;
}

int cgroup2_open_runyard(const char *mount_point, const char *own_path, const char **step) {
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s%s", mount_point, own_path);
  *step = "open the control group";
  int base = open(is_delegated(path) ? path : mount_point, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (base < 0) return -1;
  int runyard = open_below(base, step);
  int reason = errno;
  close(base);
  errno = reason;
  return runyard;
}

static bool has(int dir, const char *name) {
  return faccessat(dir, name, F_OK, 0) == 0;
}

const char *cgroup2_set_limits(int dir, const struct open_request *request) {
  char quota[64];
  uint64_t page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
  if (write_limit(dir, "memory.max", request->memory_bytes / page_bytes * page_bytes) != 0) return "memory (memory.max)";
  if (has(dir, "memory.swap.max") && write_limit(dir, "memory.swap.max", 0) != 0) return "swap (memory.swap.max)";
  /* One more for PID 1 itself. */
  if (write_limit(dir, "pids.max", request->processes + 1u) != 0) return "processes (pids.max)";
  snprintf(quota, sizeof quota, "%" PRIu64 " %d", (uint64_t)request->cpu_milli * (CPU_PERIOD_US / 1000), CPU_PERIOD_US);
  return write_text(dir, "cpu.max", quota) == 0 ? NULL : "CPU (cpu.max)";
}

/* A number after `key` at the start of a line. */
static int read_keyed(int dir, const char *name, const char *key, uint64_t *value) {
  char text[4096];
  size_t length = strlen(key);
  if (read_text(dir, name, text, sizeof text) < 0) return -1;
  for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
    if (*line == '\n') line++;
    if (strncmp(line, key, length) == 0 && line[length] == ' ')
      return sscanf(line + length, "%" SCNu64, value) == 1 ? 0 : -1;
  }
  errno = ENOENT;
  return -1;
}

void cgroup2_usage(int dir, struct end_report *report) {
  uint64_t pids_peak = 0;
  if (read_keyed(dir, "memory.events", "oom_kill", &report->oom_kills) != 0)
    say("the OOM kills of a sandbox could not be read");
  if (read_keyed(dir, "cpu.stat", "usage_usec", &report->cpu_us) != 0)
    say("the CPU time of a sandbox could not be read");
  /* Since Linux 5.19 and 6.1: 0 means unknown. */
  if (read_number(dir, "memory.peak", &report->memory_peak_bytes) != 0) report->memory_peak_bytes = 0;
  if (read_number(dir, "pids.peak", &pids_peak) != 0) pids_peak = 0;
  report->pids_peak = (uint32_t)pids_peak;
}

void cgroup2_require_files(int dir) {
  static const char *const names[] = {"memory.events", "cpu.stat", "cgroup.kill"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    if (!has(dir, names[i])) refuse("cannot enforce limits: this kernel has no %s (Linux 5.14 or later is needed)", names[i]);
}

void cgroup2_kill(int dir) {
  if (write_text(dir, "cgroup.kill", "1") != 0 && errno != ENOENT && errno != ENODEV)
    say("a control group could not be killed: %s", strerror(errno));
}
