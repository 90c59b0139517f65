#include "cgroup.h"
#include "cgroup2.h"
#include "files.h"
#include "say.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CPU_PERIOD_US = 100000, NAME_BYTES = 64, MAX_REMOVALS = 1024 };
/*
 * What TCP and UDP hold for the sandbox in flight. The memory limit does not count it, and what one sandbox takes, no
 * connection of the host can have: the kernel has one bound for all.
 */
enum { SOCKET_BYTES = 16 << 20 };
static const char socket_limit[] = "memory.kmem.tcp.limit_in_bytes";

static struct cgroup_mounts mounts;
static const char *owner_id;
static bool has_memsw;
static uint64_t page_bytes;
static uint64_t next_number = 1;

/* Numbers of groups that were still busy when they were dropped. */
static uint64_t removals[MAX_REMOVALS];
static int removal_count;

const struct cgroup_mounts *cgroup_mounts(void) {
  return &mounts;
}

bool cgroup_is_version_2(void) {
  return mounts.is_version_2;
}

void cgroup_kill(const struct cgroup *cgroup) {
  if (mounts.is_version_2) cgroup2_kill(cgroup->dir[0]);
}

int cgroup_dir(const struct cgroup *cgroup, enum controller controller) {
  return cgroup->dir[mounts.of[controller]];
}

static void name_of(uint64_t number, char name[NAME_BYTES]) {
  snprintf(name, NAME_BYTES, "%s.%" PRIu64, owner_id, number);
}

/* True when nothing of this number is left in any hierarchy. */
static bool remove_group(uint64_t number) {
  char name[NAME_BYTES];
  bool gone = true;
  name_of(number, name);
  for (int i = 0; i < mounts.count; i++)
    if (unlinkat(mounts.runyard[i], name, AT_REMOVEDIR) != 0 && errno != ENOENT) gone = false;
  return gone;
}

bool cgroup_collect(void) {
  int kept = 0;
  for (int i = 0; i < removal_count; i++)
    if (!remove_group(removals[i])) removals[kept++] = removals[i];
  removal_count = kept;
  return kept == 0;
}

void cgroup_drop(struct cgroup *cgroup) {
  for (int i = 0; i < mounts.count; i++)
    if (cgroup->dir[i] >= 0) close(cgroup->dir[i]);
  if (remove_group(cgroup->number)) return;
  if (removal_count < MAX_REMOVALS) removals[removal_count++] = cgroup->number;
  else say("control group %s.%" PRIu64 " stays until the next start: too many are busy", owner_id, cgroup->number);
}

static int make_dirs(struct cgroup *cgroup) {
  char name[NAME_BYTES];
  cgroup->number = next_number++;
  name_of(cgroup->number, name);
  for (int i = 0; i < CONTROLLERS; i++) cgroup->dir[i] = -1;
  for (int i = 0; i < mounts.count; i++) {
    if (mkdirat(mounts.runyard[i], name, 0755) != 0) return -1;
    cgroup->dir[i] = openat(mounts.runyard[i], name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (cgroup->dir[i] < 0) return -1;
  }
  return 0;
}

/* The kernel counts memory in pages. Memory and swap together must be at least the memory limit: hence the order. */
static const char *set_limits(const struct cgroup *cgroup, const struct open_request *request) {
  if (mounts.is_version_2) return cgroup2_set_limits(cgroup->dir[0], request);
  uint64_t memory = request->memory_bytes / page_bytes * page_bytes;
  int memory_dir = cgroup_dir(cgroup, MEMORY);
  int cpu_dir = cgroup_dir(cgroup, CPU);
  if (write_limit(memory_dir, "memory.limit_in_bytes", memory) != 0) return "memory (memory.limit_in_bytes)";
  if (has_memsw && write_limit(memory_dir, "memory.memsw.limit_in_bytes", memory) != 0)
    return "memory and swap (memory.memsw.limit_in_bytes)";
  if (write_limit(memory_dir, socket_limit, SOCKET_BYTES) != 0) return "socket buffers (memory.kmem.tcp.limit_in_bytes)";
  /* One more for PID 1 itself. */
  if (write_limit(cgroup_dir(cgroup, PIDS), "pids.max", request->processes + 1u) != 0) return "processes (pids.max)";
  if (write_limit(cpu_dir, "cpu.cfs_period_us", CPU_PERIOD_US) != 0) return "CPU (cpu.cfs_period_us)";
  if (write_limit(cpu_dir, "cpu.cfs_quota_us", (uint64_t)request->cpu_milli * (CPU_PERIOD_US / 1000)) != 0)
    return "CPU (cpu.cfs_quota_us)";
  return NULL;
}

int cgroup_make(const struct open_request *request, struct cgroup *cgroup, const char **step) {
  *step = "control group";
  if (make_dirs(cgroup) == 0) {
    *step = set_limits(cgroup, request);
    if (*step == NULL) return 0;
  }
  int reason = errno;
  cgroup_drop(cgroup);
  errno = reason;
  return -1;
}

/*
 * `tasks` and "0": a thread that moves itself alone spares the kernel the lock that stops all forks and exits of the
 * host. The process has one thread, so it is the same as moving the process.
 */
int cgroup_enter(const struct cgroup *cgroup) {
  if (mounts.is_version_2) return 0;
  for (int i = 0; i < mounts.count; i++)
    if (write_text(cgroup->dir[i], "tasks", "0") != 0) return -1;
  return 0;
}

static int read_oom_kills(const struct cgroup *cgroup, uint64_t *kills) {
  char text[256];
  if (read_text(cgroup_dir(cgroup, MEMORY), "memory.oom_control", text, sizeof text) < 0) return -1;
  const char *line = strstr(text, "oom_kill ");
  return line != NULL && sscanf(line, "oom_kill %" SCNu64, kills) == 1 ? 0 : -1;
}

void cgroup_usage(const struct cgroup *cgroup, struct end_report *report) {
  if (mounts.is_version_2) return cgroup2_usage(cgroup->dir[0], report);
  uint64_t cpu_ns = 0;
  uint64_t pids_peak = 0;
  if (read_oom_kills(cgroup, &report->oom_kills) != 0) say("the OOM kills of a sandbox could not be read");
  if (read_number(cgroup_dir(cgroup, MEMORY), "memory.max_usage_in_bytes", &report->memory_peak_bytes) != 0)
    say("the memory peak of a sandbox could not be read");
  if (read_number(cgroup_dir(cgroup, CPUACCT), "cpuacct.usage", &cpu_ns) != 0)
    say("the CPU time of a sandbox could not be read");
  /* Absent before Linux 6.1: 0 means unknown. */
  if (read_number(cgroup_dir(cgroup, PIDS), "pids.peak", &pids_peak) != 0) pids_peak = 0;
  report->cpu_us = cpu_ns / 1000;
  report->pids_peak = (uint32_t)pids_peak;
}

static bool host_has_swap(void) {
  char text[512];
  ssize_t length = read_text(AT_FDCWD, "/proc/swaps", text, sizeof text);
  if (length < 0) return errno != ENOENT;
  const char *first_line_end = strchr(text, '\n');
  return first_line_end != NULL && first_line_end[1] != '\0';
}

static void require_memory_files(const struct cgroup *cgroup) {
  char text[256];
  uint64_t kills;
  int dir = cgroup_dir(cgroup, MEMORY);
  if (!has_memsw && host_has_swap())
    refuse("cannot enforce memory limits: swap is on and the kernel does not account it (memory.memsw is missing)");
  if (read_text(dir, "memory.oom_control", text, sizeof text) < 0 || strstr(text, "oom_kill_disable 0") == NULL)
    refuse("cannot enforce memory limits: the kernel does not kill at the limit (memory.oom_control)");
  if (read_oom_kills(cgroup, &kills) != 0)
    refuse("cannot enforce memory limits: the kernel does not count OOM kills (memory.oom_control)");
}

static void require_version_1(const struct cgroup *cgroup) {
  /* No limit, but from now on counted: the kernel rewrites its own code when the first group is, and back after the last. */
  if (write_text(mounts.runyard[mounts.of[MEMORY]], socket_limit, "-1") != 0)
    refuse("cannot enforce limits: socket buffers (%s): %s", socket_limit, strerror(errno));
  require_memory_files(cgroup);
}

static void require_version_2(const struct cgroup *cgroup) {
  int dir = cgroup->dir[0];
  if (faccessat(dir, "memory.swap.max", F_OK, 0) != 0 && host_has_swap())
    refuse("cannot enforce memory limits: swap is on and the kernel does not account it (memory.swap.max is missing)");
  cgroup2_require_files(dir);
}

void cgroup_start(const char *owner) {
  const struct open_request trial = {.memory_bytes = 64ull << 20, .processes = 16, .cpu_milli = 1000};
  struct cgroup cgroup;
  const char *step;
  owner_id = owner;
  page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
  cgroup_find_mounts(&mounts);
  sweep_dead_owners(owner);
  has_memsw = faccessat(mounts.runyard[mounts.of[MEMORY]], "memory.memsw.limit_in_bytes", F_OK, 0) == 0;
  if (cgroup_make(&trial, &cgroup, &step) != 0) refuse("cannot enforce limits: %s: %s", step, strerror(errno));
  if (mounts.is_version_2) require_version_2(&cgroup);
  else require_version_1(&cgroup);
  cgroup_drop(&cgroup);
}
