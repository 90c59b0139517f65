/* The life of the child between clone and exec. */
#ifndef PLACE_CHILD_H
#define PLACE_CHILD_H

#include <stdbool.h>

#include "place.h"

struct place_tools {
  int supervisor;
  int launcher_pidfd;
  /* The launcher's own oom_score_adj is not 0 and must not reach user code. */
  bool resets_oom_score;
};

/* What goes through the failure pipe, in one write. */
struct place_report {
  int reason;
  char step[60];
};

void place_child(const struct place_tools *tools, const struct place_request *request, int failure_pipe)
  __attribute__((noreturn));

/* place-dev.c. Mounts a read-only /dev of the place's own at `path`. Answers as place_mount does; leaves the process in /. */
const char *place_dev(const char *path);

/* place-mounts.c. NULL when all is mounted, else what failed, with errno. */
const char *place_mount(const struct open_request *request, uid_t uid);

#endif
