/* One sandbox: a process that is PID 1 of fresh namespaces and becomes the supervisor. */
#ifndef PLACE_H
#define PLACE_H

#include <stdbool.h>
#include <sys/types.h>

#include "cgroup.h"
#include "frames.h"

struct place_request {
  const struct open_request *open;
  const struct cgroup *cgroup;
  uid_t uid;
  /* The host's stream, or -1 for a probe: set everything up, then exit 0 instead of becoming the supervisor. */
  int connection;
};

struct place {
  pid_t pid;
  int pidfd;
  /* Read end; when the process ended before it became the supervisor, place_failure tells from it why. */
  int failure_pipe;
};

/* Before template_enter: opens the supervisor and what else is found by a host path. Refuses by itself. */
void place_prepare(const char *supervisor_path);

/* -1 with errno when the process could not even be made. */
int place_start(const struct place_request *request, struct place *place);

/* After the death of the process: 0 when it had become the supervisor, else errno, and what failed in `step`. */
int place_failure(const struct place *place, char step[FRAME_TEXT_BYTES]);

void place_kill(const struct place *place);

#endif
