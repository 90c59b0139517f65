/*
 * What the step used, and the limits of the step, from whichever source this host offers:
 *
 *   given      descriptors of our own cgroups, writable: limits per step, peaks restarted per step where the kernel can (native)
 *   own        /sys/fs/cgroup of our namespace, v1 or v2, read-only: usage alone (docker)
 *   none       neither is readable: resource usage of waited-for processes
 *
 * v1 and v2 differ in file names and formats only; both are rows of one table in cgroup.c.
 */
#ifndef RUNYARD_CGROUP_H
#define RUNYARD_CGROUP_H

#include <stdbool.h>
#include <stdint.h>

struct cgroup_layout;

struct cgroup {
  const struct cgroup_layout *layout; /* NULL: no cgroup */
  int memory, pids, cpu;              /* directories */
  bool is_writable;
  /* What the place was made with: no step gets more, whatever the host says. `tasks` counts PID 1. */
  struct cgroup_most {
    uint64_t memory_bytes, tasks;
  } most;
  /* The peak is that of the step: v1, and v2 since Linux 6.12. */
  bool restarts_peak;
  /* v2 only: files that can no longer be opened for writing from inside the namespace; -1 where there is none. */
  struct cgroup2_files {
    int memory, swap, pids, peak, reclaim;
  } files;
};

struct cgroup_usage {
  uint64_t cpu_ns;
  uint64_t memory_peak_bytes;
  /* Clean pages of read-only files that happened to be charged to us: they say nothing about the program. */
  uint64_t file_cache_bytes;
  uint64_t oom_kills;
  uint64_t pids_peak; /* 0 = unknown */
};

/* `memory=<fd>,pids=<fd>,cpuacct=<fd>`, all three; false when malformed or not directories of a v1 cgroup. */
bool cgroup_use_given(struct cgroup *cgroup, const char *list);
/* `dir=<fd>,memory=<fd>,…` (launcher/cgroup2.h), dir, memory and pids at least; false when malformed. */
bool cgroup_use_given_2(struct cgroup *cgroup, const char *list);
/* Looks into /sys/fs/cgroup; leaves `layout` NULL when nothing there is readable. */
void cgroup_use_own(struct cgroup *cgroup);

/*
 * Sets memory and process limits of the next step and restarts the memory peak; a no-op where nothing is writable.
 * `tasks` counts every task of the place, PID 1 included. Returns 0 or an errno; EBUSY: what the place holds already
 * is above `memory_bytes`.
 */
int cgroup_limit(struct cgroup *cgroup, uint64_t memory_bytes, uint64_t tasks);
/* Whether a step may have so much; always where limits are somebody else's to set. */
bool cgroup_has_room(const struct cgroup *cgroup, uint64_t memory_bytes, uint64_t tasks);

/* CPU time of the place since its making. 0 without a cgroup. */
uint64_t cgroup_cpu_ns(const struct cgroup *cgroup);
void cgroup_read(const struct cgroup *cgroup, struct cgroup_usage *usage);

#endif
