/* Starting the main process of a step. */
#ifndef RUNYARD_STEP_H
#define RUNYARD_STEP_H

#include "spec.h"

#include <sys/types.h>

struct step_process {
  pid_t pid;
  /* Non-blocking ends of PID 1. */
  int stdin_write, stdout_read, stderr_read;
  /* Closed by a successful exec; else it holds a `struct step_failure`. */
  int failure_read;
};

/* Returns 0 or an errno (then nothing is left open). */
int step_start(const struct spec *spec, uid_t uid, struct step_process *process);

struct step_failure {
  int error;    /* errno, 0: the program did run */
  bool is_ours; /* preparing the process failed, not the exec */
};

/* To be asked once, when the main process is dead. */
struct step_failure step_failure(const struct step_process *process);

#endif
