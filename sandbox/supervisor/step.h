/* Starting the main process of a step. */
#ifndef RUNYARD_STEP_H
#define RUNYARD_STEP_H

#include "spec.h"

#include <stdbool.h>
#include <sys/types.h>

struct step_process {
  pid_t pid;
  /* Non-blocking ends of PID 1. */
  int stdin_write, stdout_read, stderr_read;
  /* Closed by a successful exec; else it holds a `struct step_failure`. */
  int failure_read;
};

struct step_owner {
  uid_t uid;
  /* The kernel counts processes of the uid for this place alone, so its limit per user can serve. */
  bool has_own_kernel;
};

/* Returns 0 or an errno (then nothing is left open). */
int step_start(const struct spec *spec, const struct step_owner *owner, struct step_process *process);

struct step_failure {
  int error;    /* errno, 0: the program did run */
  bool is_ours; /* preparing the process failed, not the exec */
};

/* To be asked once, when the main process is dead. */
struct step_failure step_failure(const struct step_process *process);

#endif
