/*
 * Control groups: one group `/runyard/<owner>.<number>` per sandbox, in each hierarchy of version 1 that is needed or in the one
 * of version 2 (cgroup2.h).
 */
#ifndef CGROUP_H
#define CGROUP_H

#include <stdbool.h>
#include <stdint.h>

#include "frames.h"

enum controller { MEMORY, PIDS, CPU, CPUACCT, CONTROLLERS };

struct cgroup {
  uint64_t number;
  /* Directory of the group per hierarchy; hierarchies with several controllers (cpu,cpuacct) appear once. */
  int dir[CONTROLLERS];
};

/* cgroup-mounts.c: where the controllers are. Version 1 where it has memory, else version 2; refuses when one is missing. */
struct cgroup_mounts {
  bool is_version_2;
  int count;
  /* Directory descriptors of `/runyard` in each hierarchy. */
  int runyard[CONTROLLERS];
  /* Index into `runyard`. */
  int of[CONTROLLERS];
};
void cgroup_find_mounts(struct cgroup_mounts *mounts);

/* Finds the hierarchies, then proves with a trial group that each limit can be set. Refuses by itself. */
void cgroup_start(const char *owner);
const struct cgroup_mounts *cgroup_mounts(void);

/* Makes the group and sets its limits. -1 with errno; `*step` then names what failed. */
int cgroup_make(const struct open_request *request, struct cgroup *cgroup, const char **step);

/* Moves the calling process (the future PID 1) into the group. With version 2 it was made there already. */
int cgroup_enter(const struct cgroup *cgroup);
int cgroup_dir(const struct cgroup *cgroup, enum controller controller);
bool cgroup_is_version_2(void);
/* Version 2: ends all processes of it. Version 1 cannot: PID 1's death must do. */
void cgroup_kill(const struct cgroup *cgroup);

/* Fills the counters of `report`; a counter that cannot be read stays 0. */
void cgroup_usage(const struct cgroup *cgroup, struct end_report *report);

/* Gives the group up: it is removed now, or by later calls of cgroup_collect when it is still busy. */
void cgroup_drop(struct cgroup *cgroup);

/* Tries to remove what is still there. True when nothing is left to remove. */
bool cgroup_collect(void);

/* sweep.c: removes the groups of launchers that are gone, killing what still runs in them. */
void sweep_dead_owners(const char *own_owner);

#endif
